import Dispatch
import Freshet
import FreshetHTTP
import FreshetTestSupport

/// Runs a server on a free port for the length of `body`, and shuts it down.
func withServer(
    _ change: (inout HTTPServerOptions) -> Void = { _ in },
    handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = plainHandler,
    _ body: (HTTPServer) async throws -> Void
) async throws {
    var options = HTTPServerOptions()
    options.port = 0
    change(&options)
    let server = try HTTPServer.start(options, handler: handler)
    do {
        try await body(server)
    } catch {
        await server.shutDown(within: .zero)
        throw error
    }
    await server.shutDown(within: .seconds(60))
}

/// `/stream?3` streams `0;1;2;` in three pieces; everything else gives back what was asked.
@Sendable func plainHandler(_ request: HTTPRequest) async -> HTTPResponse {
    if request.path == "/stream" {
        let count = Int(request.query ?? "") ?? 0
        return HTTPResponse(
            body: .stream { writer in
                for number in 0..<count { try await writer.write(Array("\(number);".utf8)) }
            })
    }
    let parts = [request.method, request.path, request.query ?? "", request.fields["x-name"] ?? ""]
    return HTTPResponse(
        fields: ["Content-Type": "text/plain", "X-Peer": request.peer],
        body: .whole(Array((parts.joined(separator: "|") + "|").utf8) + request.body))
}

/// What came to pass somewhere else, in order, to be waited for.
final class Collected<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func add(_ element: Element) { continuation.yield(element) }

    /// Waits for the next; for one task at a time.
    func next() async -> Element? {
        for await element in stream { return element }
        return nil
    }

    /// What there is until `finish()` is called.
    func rest() async -> [Element] {
        continuation.finish()
        return await stream.reduce(into: []) { $0.append($1) }
    }
}

/// A flag for which a thread waits, blocked.
final class Flag: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func raise() { semaphore.signal() }

    func wait() { _ = semaphore.wait(timeout: .now() + .seconds(RawClient.patience)) }
}

/// A count that several tasks and threads share.
final class Counter: @unchecked Sendable {
    // Sendable: the variable is used under the monitor only.
    private let monitor = Monitor()
    private var count = 0

    var value: Int { monitor.withLock { count } }

    func add(_ more: Int) { monitor.withLock { count += more } }
}
