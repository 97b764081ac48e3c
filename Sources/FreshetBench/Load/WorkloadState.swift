import Freshet

/// How far a workload has come, and what follows from it: which request may be sent, and whose reader leaves.
struct WorkloadState {
    private let workload: Workload
    private var phases: [Phase]
    /// The pieces that each request had when the last of those that stay by themselves ended.
    private var piecesThen: [Int]?
    /// What has happened, one timeline a request; its start is 0 until it is sent.
    private(set) var timelines: [Timeline]

    private enum Phase {
        case waiting
        case running
        case ended
    }

    /// A workload of which nothing was sent.
    init(_ workload: Workload) {
        self.workload = workload
        phases = workload.requests.map { _ in .waiting }
        timelines = workload.requests.map { Timeline(label: $0.label, start: 0) }
    }

    /// Whether a request's time to be sent has come.
    func maySend(_ place: Int) -> Bool {
        switch workload.requests[place].start {
        case .atOnce: true
        case .afterPieces(let count):
            (0..<place).allSatisfy { phases[$0] == .ended || timelines[$0].pieces.count >= count }
        case .afterAll: (0..<place).allSatisfy { phases[$0] == .ended }
        }
    }

    /// Whether a request's reader is to leave now.
    func shouldLeave(_ place: Int) -> Bool {
        guard case .withOthers(let count) = workload.requests[place].leaving, let piecesThen else { return false }
        return timelines[place].pieces.count >= piecesThen[place] + count
    }

    /// Says that a request was sent, so many seconds after the workload's beginning.
    mutating func send(_ place: Int, at time: Double) {
        phases[place] = .running
        timelines[place].start = time
    }

    /// Says that a piece of text has come.
    mutating func addPiece(_ place: Int, at time: Double) { timelines[place].pieces.append(time) }

    /// Says that a request is over.
    ///
    /// - Parameter usage: what it took; `nil` when its reader has left. Counts of zero are those of a provider that does
    ///   not say.
    mutating func end(_ place: Int, at time: Double, usage: Usage?) {
        phases[place] = .ended
        timelines[place].end = time
        if let usage, usage.promptTokens > 0 {
            (timelines[place].promptTokens, timelines[place].cachedTokens) = (usage.promptTokens, usage.cachedTokens)
        }
        if let usage, usage.completionTokens > 0 { timelines[place].answerTokens = usage.completionTokens }
        let stay = workload.requests.indices.filter { !workload.requests[$0].leavesWithOthers }
        if piecesThen == nil, stay.allSatisfy({ phases[$0] == .ended }) { piecesThen = timelines.map(\.pieces.count) }
    }
}

extension Workload.Planned {
    /// Whether its reader leaves only because others have.
    fileprivate var leavesWithOthers: Bool { if case .withOthers = leaving { true } else { false } }
}
