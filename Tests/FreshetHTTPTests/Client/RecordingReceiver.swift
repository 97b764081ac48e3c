import Freshet
import FreshetHTTP
import FreshetTestSupport
import Glibc

/// Keeps what the transport tells of one answer.
final class RecordingReceiver: HTTPResponseReceiver, @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.
    private let monitor = Monitor()
    private let ended = ThreadEnd()
    private let decide: @Sendable (Int) -> HTTPVerdict
    private var heads: [HTTPResponseHead] = []
    private var bytes: [UInt8] = []
    private var ends: [HTTPExchangeEnd] = []
    private var clock: clockid_t?

    /// - Parameter decide: what to answer once so many bytes of the body have come.
    init(decide: @escaping @Sendable (Int) -> HTTPVerdict = { _ in .goOn }) { self.decide = decide }

    func receive(_ head: HTTPResponseHead, of exchange: HTTPExchange) -> HTTPVerdict {
        var clock = clockid_t()
        pthread_getcpuclockid(pthread_self(), &clock)
        monitor.withLock {
            heads.append(head)
            self.clock = clock
        }
        return .goOn
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPVerdict {
        decide(
            monitor.withLock {
                self.bytes += bytes
                return self.bytes.count
            })
    }

    func finish(_ end: HTTPExchangeEnd) {
        monitor.withLock { ends.append(end) }
        ended.signal()
    }

    var head: HTTPResponseHead? { monitor.withLock { heads.count == 1 ? heads[0] : nil } }
    var body: [UInt8] { monitor.withLock { bytes } }
    var isEnded: Bool { monitor.withLock { !ends.isEmpty } }
    /// What came as the end: one, if all is well.
    var endCount: Int { monitor.withLock { ends.count } }

    /// The processor time that the transport's thread has used, in seconds; `nil` before the head.
    var threadTime: Double? {
        guard let clock = monitor.withLock({ clock }) else { return nil }
        var time = timespec()
        return clock_gettime(clock, &time) == 0 ? Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 : nil
    }

    /// Waits for the end.
    func end() async -> HTTPExchangeEnd {
        await ended.wait()
        return monitor.withLock { ends[0] }
    }

    /// Waits for the end, which must be a failure.
    func failure() async throws -> GenerationError {
        switch await end() {
        case .failed(let error): return error
        case let other: throw Surprise(description: "\(other)")
        }
    }

    /// Waits until something is so; a test that hangs is stopped by its time limit.
    func wait(until condition: (RecordingReceiver) -> Bool) async throws {
        while !condition(self) { try await Task.sleep(for: .milliseconds(2)) }
    }

    struct Surprise: Error { let description: String }
}

extension HTTPExchangeEnd {
    var isFinished: Bool { if case .finished = self { true } else { false } }
}

/// A request full of secrets, and whether anything shows them.
enum Secrets {
    static let all = ["sk-0123secret", "pass-0123word", "query-0123secret", "body-0123secret"]

    /// A POST to a server on this machine.
    static func request(
        _ server: LoopbackServer, scheme: String = "http", deadlines: HTTPDeadlines = HTTPDeadlines()
    ) -> HTTPClientRequest {
        HTTPClientRequest(
            .post, "\(scheme)://user:\(all[1])@127.0.0.1:\(server.port)/v1/chat?key=\(all[2])",
            headers: ["Authorization": "Bearer \(all[0])"], body: Array(all[3].utf8), deadlines: deadlines)
    }

    /// The secrets that printing a value in any way shows.
    static func shown(by value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        let text = dumped + String(describing: value) + String(reflecting: value)
        return all.filter { text.contains($0) }
    }
}
