internal import Freshet

/// The one actor: it owns the backend and the slots, and carries out what the scheduler decides.
///
/// It lives on the engine's thread and nowhere else. Requests come through the queue; chunks leave through writers.
final class EngineLoop {
    private let backend: any Backend
    private let queue: EngineQueue
    private let now: @Sendable () -> ContinuousClock.Instant
    private var scheduler: Scheduler
    private var slots: [Slot]
    private var batch: Batch

    init(
        backend: any Backend, slotCount: Int, queue: EngineQueue, now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.backend = backend
        self.queue = queue
        self.now = now
        scheduler = Scheduler(batchCapacity: backend.batchCapacity, gapTarget: .milliseconds(100))
        slots = (0..<slotCount).map { Slot(sequence: Int32($0)) }
        batch = Batch(capacity: backend.batchCapacity)
    }

    /// Serves requests until the queue is closed, then ends those that run or wait.
    func run() {
        var isIdle = true
        while true {
            let arrivals = queue.take(
                freeSlots: slots.count(where: \.isFree), isIdle: isIdle,
                deadline: slots.compactMap { $0.generation?.deadline }.min(), now: now)
            arrivals.expired.forEach { $0.writer.fail(Self.deadlineExceeded) }
            guard !arrivals.isClosed else {
                let error = GenerationError(.shuttingDown, "The engine is shutting down.")
                arrivals.admitted.forEach { $0.writer.fail(error) }
                for place in slots.indices { slots[place].update { $0.fail(error) } }
                return
            }
            retire()
            arrivals.admitted.forEach(start)
            isIdle = !step()
        }
    }

    private func start(_ submission: Submission) {
        // The queue admits no more than there are free slots.
        guard let place = slots.firstIndex(where: \.isFree) else { return }
        slots[place].start(submission, on: backend, at: now())
    }

    /// Frees the slots whose stream has ended: finished, left by its reader, or past its deadline.
    private func retire() {
        for place in slots.indices {
            guard let generation = slots[place].generation else { continue }
            if generation.isExpired(at: now()) { slots[place].update { $0.fail(Self.deadlineExceeded) } }
            if generation.isFinished || generation.writer.isEnded { slots[place].release() }
        }
    }

    /// Computes one batch and hands out what it gave.
    ///
    /// - Returns: whether there was anything to compute.
    private func step() -> Bool {
        let begun = now()
        let plan = scheduler.plan(slots.map(\.demand))
        batch.removeAll()
        let outputs = slots.indices.map { slots[$0].contribute(plan[$0], to: &batch) }
        guard batch.count > 0 else { return false }
        let planned = slots.indices.filter { plan[$0] > 0 }
        do throws(GenerationError) {
            switch try backend.decode(batch, shouldInterrupt: { isAbandoned(planned) }) {
            case .computed:
                scheduler.observe(took: now() - begun)
                for place in planned { try advance(place, by: plan[place], output: outputs[place]) }
            case .interrupted:
                for place in planned {
                    let position = backend.nextPosition(of: slots[place].sequence)
                    slots[place].update { $0.resume(from: position) }
                }
            case .noRoom:
                throw GenerationError(.engineFailed, "The context has no room for the next tokens.")
            }
        } catch {
            for place in planned {
                slots[place].update { $0.fail(error) }
                slots[place].reset(on: backend)
            }
        }
        retire()
        return true
    }

    private func advance(_ place: Int, by count: Int, output: Int?) throws(GenerationError) {
        guard let output else { return slots[place].update { $0.advance(by: count) } }
        guard let logits = backend.logits(at: output) else {
            throw GenerationError(.engineFailed, "The model gave no logits for the next token.")
        }
        slots[place].update { $0.step(logits, backend: backend, now: now) }
    }

    /// Whether nobody waits for a running batch any more, so that it is not worth finishing.
    private func isAbandoned(_ planned: [Int]) -> Bool {
        if queue.isStopping { return true }
        return planned.allSatisfy { place in
            guard let generation = slots[place].generation else { return true }
            return generation.writer.isEnded || generation.isExpired(at: now())
        }
    }

    private static let deadlineExceeded = GenerationError(
        .deadlineExceeded, "The request's deadline passed before the answer was complete.")
}
