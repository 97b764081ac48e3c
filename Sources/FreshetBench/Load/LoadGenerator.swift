package import Freshet

/// Carries out workloads on a provider, local or remote, and records when their pieces come, at the reader.
package struct LoadGenerator: Sendable {
    private let provider: any Provider
    private let clock: LoadClock

    /// A generator for a provider.
    package init(_ provider: any Provider, clock: LoadClock = .system) {
        self.provider = provider
        self.clock = clock
    }

    /// Carries out a workload, each request in a task of its own.
    ///
    /// - Returns: one timeline a request, in the workload's order.
    /// - Throws: the first `GenerationError` of a request whose reader had not left, after all others were ended; that
    ///   with code `cancelled` when the task is cancelled.
    package func run(_ workload: Workload) async throws(GenerationError) -> [Timeline] {
        let run = WorkloadRun(workload)
        let origin = clock.now()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for place in workload.requests.indices {
                    group.addTask { try await perform(workload.requests[place], place, run, since: origin) }
                }
                // Leaving the group with an error cancels those that are left, which waiting for all would not.
                for try await _ in group {}
            }
        } catch let error as GenerationError {
            throw error
        } catch {
            throw Self.cancelled
        }
        // A reader that left ended its timeline as one that was cancelled does.
        guard !Task.isCancelled else { throw Self.cancelled }
        return run.timelines
    }

    private static var cancelled: GenerationError { GenerationError(.cancelled, "The measurement was stopped.") }

    /// Sends one request when its time has come, and reads until its end or its reader's leaving.
    private func perform(
        _ planned: Workload.Planned, _ place: Int, _ run: WorkloadRun, since origin: ContinuousClock.Instant
    ) async throws {
        await run.waitToSend(place)
        try Task.checkCancellation()
        let start = clock.seconds(since: origin)
        run.note { $0.send(place, at: start) }
        guard case .after(let time) = planned.leaving else {
            return try await read(planned, place, run, since: origin)
        }
        let hasLeft = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await read(planned, place, run, since: origin)
                } catch let error as GenerationError where error.code == .cancelled && Task.isCancelled {
                    // The other task was done first.
                }
                return false
            }
            group.addTask {
                try await clock.sleep(time)
                return true
            }
            let hasLeft = try await group.next() ?? false
            group.cancelAll()
            while let _ = await group.nextResult() {}
            return hasLeft
        }
        guard hasLeft else { return }
        let end = clock.seconds(since: origin)
        run.note { $0.end(place, at: end, usage: nil) }
    }

    /// Reads an answer, and ends its timeline.
    private func read(
        _ planned: Workload.Planned, _ place: Int, _ run: WorkloadRun, since origin: ContinuousClock.Instant
    ) async throws {
        let iterator = try await provider.stream(planned.request).makeAsyncIterator()
        var (usage, count): (Usage?, Int) = (nil, 0)
        while let chunk = try await iterator.next() {
            if case .end(let total, _) = chunk.content { usage = total }
            guard chunk.isPiece else { continue }
            count += 1
            let time = clock.seconds(since: origin)
            let isLeaving = run.note { state in
                state.addPiece(place, at: time)
                return state.shouldLeave(place)
            }
            // Dropping the iterator is how a reader leaves.
            if isLeaving { break }
            if let pause = planned.pause, pause.piece == count { try await clock.sleep(pause.duration) }
        }
        let (end, total) = (clock.seconds(since: origin), usage)
        run.note { $0.end(place, at: end, usage: total) }
    }
}

extension Chunk {
    /// Whether it carries text of any kind, which a model made of tokens.
    fileprivate var isPiece: Bool {
        switch content {
        case .text, .reasoning, .refusal: true
        default: false
        }
    }
}
