internal import FoundationEssentials
internal import Freshet

/// What is learned of one request from its arrival to its end, for its line in the log.
final class RequestRecord: @unchecked Sendable {
    // Sendable: what changes is read and written under `monitor` only.
    private let monitor = Monitor()
    private var line: RequestLogLine
    private let start = ContinuousClock.now
    private var isWritten = false

    /// The request's identifier: ours and new, since what a client sends may be anything.
    let id = "req-" + String(UInt128.random(in: 0 ... .max), radix: 36)

    /// The record of a request that comes now.
    init(peer: String, method: String, path: String) {
        line = RequestLogLine(time: Date(), id: id, peer: peer, method: method, path: path)
    }

    /// Notes which model is asked, and where it is to generate, whether its answer is streamed.
    func note(model: String, isStreamed: Bool? = nil) {
        monitor.withLock { (line.model, line.isStreamed) = (model, isStreamed) }
    }

    /// Notes that the first piece of the answer is there.
    func noteFirstPiece() {
        let elapsed = ContinuousClock.now - start
        monitor.withLock { line.firstPiece = line.firstPiece ?? elapsed }
    }

    /// Notes what has come of an answer, be it whole or not.
    func note(_ reply: Reply) {
        monitor.withLock {
            (line.usage, line.finish) = (reply.usage, reply.finish?.reason)
            // Of a whole answer only its provider knows.
            line.firstPiece = line.firstPiece ?? reply.timings?.firstToken
        }
    }

    /// Notes what a whole answer cost.
    func note(_ usage: Usage) { monitor.withLock { line.usage = usage } }

    /// Notes what went wrong.
    func note(_ error: GenerationError) { monitor.withLock { line.error = error.code } }

    /// Notes that the whole answer was written. A client may well leave when it has that, without waiting for the
    /// response's end.
    func noteWhole() { monitor.withLock { isWritten = true } }

    /// The request's line, when its response is over.
    func line(status: Int, outcome: HTTPOutcome) -> RequestLogLine {
        let elapsed = ContinuousClock.now - start
        return monitor.withLock {
            line.status = status
            line.duration = elapsed
            if case .cut(let cut) = outcome, !(isWritten && cut == .clientLeft) { line.cut = cut }
            guard line.error == .cancelled else { return line }
            // Cancelled because nobody waits for it, which `cut` says, or because the server ends.
            line.error = outcome == .sent ? .shuttingDown : nil
            // What was made up for a client that had left is no status that anybody got.
            if outcome != .sent, status >= 400 { line.status = ErrorStatus.status(of: .cancelled) }
            return line
        }
    }
}
