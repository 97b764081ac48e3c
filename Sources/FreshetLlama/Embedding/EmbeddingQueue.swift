internal import Freshet

/// Where requests for vectors wait, and their callers for the results. Bounded; safe from any thread.
final class EmbeddingQueue: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.
    typealias Outcome = Result<[[Float]], GenerationError>
    private typealias Ending = (continuation: CheckedContinuation<Outcome, Never>, outcome: Outcome)

    private let monitor = Monitor()
    private let capacity: Int
    private let retryAfter: Duration
    private let limits: EmbeddingBatch.Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    private var jobs: [EmbeddingJob] = []
    private var continuations: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
    private var lastTicket: UInt64 = 0
    private var turn = 0
    private var clients: FairTurns<String>
    private var hasWorker = false
    private var isClosed = false

    /// A queue in which at most `capacity` requests wait or are computed.
    ///
    /// - Parameter retryAfter: when a request that finds no place is told to try again.
    init(
        capacity: Int, retryAfter: Duration, limits: EmbeddingBatch.Limits,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.capacity = capacity
        self.retryAfter = retryAfter
        self.limits = limits
        clients = FairTurns(maxLead: limits.tokens)
        self.now = now
    }

    // MARK: any thread

    /// Waits for the vectors of a request. Cancelling the task ends the wait, and the work where nobody else needs it.
    ///
    /// - Parameter startWorker: is called when there is no thread to compute them, and starts one.
    /// - Throws: ``GenerationError``.
    func vectors(
        of request: EmbeddingRequest, texts: [[Token]], submitted: ContinuousClock.Instant,
        startWorker: @Sendable () throws(GenerationError) -> Void
    ) async throws(GenerationError) -> [[Float]] {
        let ticket = monitor.withLock {
            lastTicket += 1
            return lastTicket
        }
        let job = EmbeddingJob(
            ticket: ticket, request: request, texts: texts, expiry: request.deadline.map { submitted + $0 })
        let outcome: Outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in add(job, continuation, startWorker) }
        } onCancel: {
            end([ticket], with: .failure(.embeddingCancelled))
        }
        return try outcome.get()
    }

    private func add(
        _ job: EmbeddingJob, _ continuation: CheckedContinuation<Outcome, Never>,
        _ startWorker: () throws(GenerationError) -> Void
    ) {
        var needsWorker = false
        let refusal: GenerationError? = monitor.withLock {
            if isClosed { return .shuttingDown }
            // Whoever is cancelled from here on, is found in the queue.
            if Task.isCancelled { return .embeddingCancelled }
            guard jobs.count < capacity else {
                return GenerationError(
                    .overloaded, "\(capacity) requests for embeddings wait already; try again later.",
                    retryAfter: retryAfter)
            }
            jobs.append(job)
            continuations[job.ticket] = continuation
            (needsWorker, hasWorker) = (!hasWorker, true)
            monitor.signal()
            return nil
        }
        if let refusal { return continuation.resume(returning: .failure(refusal)) }
        guard needsWorker else { return }
        do throws(GenerationError) { try startWorker() } catch { fail(error) }
    }

    /// Ends requests, those of them that have not ended.
    private func end(_ tickets: [UInt64], with outcome: Outcome) {
        resume(monitor.withLock { take(tickets, outcome) })
    }

    /// What is to be resumed, outside the monitor. To be called under it.
    private func take(_ tickets: [UInt64], _ outcome: Outcome) -> [Ending] {
        jobs.removeAll { tickets.contains($0.ticket) }
        return tickets.compactMap { ticket in continuations.removeValue(forKey: ticket).map { ($0, outcome) } }
    }

    private func resume(_ endings: [Ending]) {
        for ending in endings { ending.continuation.resume(returning: ending.outcome) }
    }

    /// Ends the worker, and what waits, as failed with `shuttingDown`. Answers whether there is a worker whose end is to
    /// be waited for.
    @discardableResult
    func close() -> Bool {
        let (endings, hasWorker) = monitor.withLock {
            isClosed = true
            monitor.signal()
            return (take(jobs.map(\.ticket), .failure(.shuttingDown)), self.hasWorker)
        }
        resume(endings)
        return hasWorker
    }

    /// The requests that wait or are computed.
    var count: Int { monitor.withLock { jobs.count } }

    /// Whether the worker was told to end.
    var isEnding: Bool { monitor.withLock { isClosed } }

    // MARK: the worker's thread

    /// The texts that are computed next. Waits for some; `nil` when the worker is to end.
    func nextBatch() -> EmbeddingBatch? {
        while true {
            var batch: EmbeddingBatch?
            let (late, isOver) = monitor.withLock {
                while jobs.isEmpty, !isClosed { monitor.wait() }
                let late = takeLate()
                let found = EmbeddingBatch(from: &jobs, turn: &turn, clients: &clients, limits: limits)
                if !found.items.isEmpty { batch = found }
                return (late, isClosed)
            }
            resume(late)
            if isOver { return nil }
            if let batch { return batch }
        }
    }

    /// Whether nobody waits for any of the batch's texts any more. Requests that have taken too long end here.
    func isAbandoned(_ batch: EmbeddingBatch) -> Bool {
        let (late, isAbandoned) = monitor.withLock {
            let late = takeLate()
            return (late, isClosed || batch.items.allSatisfy { continuations[$0.ticket] == nil })
        }
        resume(late)
        return isAbandoned
    }

    private func takeLate() -> [Ending] {
        guard jobs.contains(where: { $0.expiry != nil }) else { return [] }
        let time = now()
        return take(jobs.filter { $0.expiry.map { $0 <= time } ?? false }.map(\.ticket), .failure(.embeddingLate))
    }

    /// Takes a batch's vectors, and ends the requests that have all of theirs.
    func finish(_ batch: EmbeddingBatch, _ vectors: [[Float]]) {
        var endings: [Ending] = []
        monitor.withLock {
            for (item, vector) in zip(batch.items, vectors) {
                guard let place = jobs.firstIndex(where: { $0.ticket == item.ticket }) else { continue }
                do throws(GenerationError) {
                    try jobs[place].put(vector, at: item.place)
                } catch {
                    endings += take([item.ticket], .failure(error))
                    continue
                }
                guard jobs[place].isFinished else { continue }
                endings += take([item.ticket], .success(jobs[place].vectors.compactMap(\.self)))
            }
        }
        resume(endings)
    }

    /// Ends the requests of a batch that could not be computed.
    func fail(_ batch: EmbeddingBatch, _ error: GenerationError) {
        end(Array(Set(batch.items.map(\.ticket))), with: .failure(error))
    }

    /// Ends everything that waits, because there is nothing that computes. A later request tries again.
    func fail(_ error: GenerationError) {
        let endings = monitor.withLock {
            hasWorker = false
            return take(jobs.map(\.ticket), .failure(error))
        }
        resume(endings)
    }
}

extension GenerationError {
    fileprivate static let embeddingCancelled = GenerationError(.cancelled, "The request was cancelled.")

    fileprivate static let embeddingLate = GenerationError(
        .deadlineExceeded, "The request's deadline passed before its embeddings were computed.")
}
