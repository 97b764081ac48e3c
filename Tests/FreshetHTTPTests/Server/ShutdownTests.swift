import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// The server's end, and its beginning.
@Suite(.timeLimit(.minutes(10))) struct ShutdownTests {
    @Test func runningRequestsEndAndIdleConnectionsAreClosed() async throws {
        let mayEnd = Collected<Bool>()
        try await withServer(
            handler: { request in
                guard request.path == "/slow" else { return await plainHandler(request) }
                return HTTPResponse(
                    body: .stream { writer in
                        try await writer.write(Array("a".utf8))
                        _ = await mayEnd.next()
                        try await writer.write(Array("b".utf8))
                    })
            },
            { server in
                let (isRunning, isDraining) = (Collected<Bool>(), Flag())
                async let talk = RawClient.talk(to: server.port) { client in
                    let idle = try RawClient(port: server.port)
                    try idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try idle.readResponse()
                    try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try client.read(until: "a\r\n")
                    isRunning.add(true)
                    // The idle one's end shows that the drain has begun.
                    let end = try idle.readToEnd()
                    let refused = (try? RawClient(port: server.port)) == nil
                    mayEnd.add(true)
                    return (end, refused, try client.readToEnd())
                }
                _ = await isRunning.next()
                await server.shutDown(within: .seconds(480))
                isDraining.raise()
                let (end, refused, answer) = try await talk
                #expect(end == "")
                #expect(refused)
                #expect(answer == "1\r\nb\r\n0\r\n\r\n")
            })
    }

    @Test func thoseThatDoNotEndAreToldAndThenCut() async throws {
        let outcomes = Collected<HTTPOutcome>()
        try await withServer(
            { $0.limits.lastWordsTime = .seconds(3) },
            handler: { request in
                HTTPResponse(
                    body: .stream { writer in
                        try await writer.write(Array("begun".utf8))
                        try? await Task.sleep(for: .seconds(3600))
                        try await writer.write(Array("sorry".utf8))
                        // One heeds its cancellation, the other does not.
                        while request.path == "/deaf" && !writer.isClosed { await Task.yield() }
                    }, onEnd: { outcomes.add($0) })
            },
            { server in
                let isRunning = Collected<Bool>()
                async let talk = RawClient.talk(to: server.port) { client in
                    let deaf = try RawClient(port: server.port)
                    for (client, path) in [(client, "/"), (deaf, "/deaf")] {
                        try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                        _ = try client.read(until: "begun\r\n")
                    }
                    isRunning.add(true)
                    return [try client.readToEnd(), try deaf.readToEnd()]
                }
                _ = await isRunning.next()
                await server.shutDown(within: .milliseconds(50))
                let answers = try await talk
                #expect(answers == ["5\r\nsorry\r\n0\r\n\r\n", "5\r\nsorry\r\n"])
                #expect(Set(await outcomes.rest()) == [.sent, .cut(.shuttingDown)])
            })
    }

    @Test func shutsDownWithConnectionsInEveryState() async throws {
        // The library aborts the program when it is stopped with a suspended connection.
        for round in 0..<20 {
            let server = try HTTPServer.start(Self.anyPort) { request in
                if request.path == "/wait" { try? await Task.sleep(for: .seconds(3600)) }
                return HTTPResponse(body: .stream { writer in while true { try await writer.write([1, 2, 3]) } })
            }
            let port = server.port
            let clients = Task {
                try? await RawClient.talk(to: port) { first in
                    let others = try (0..<6).map { _ in try RawClient(port: port) }
                    try others[0].send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                    try others[1].send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                    try others[2].send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
                    try others[3].send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
                    try others[4].send("GET / HTTP/1.1\r\nHo")
                    _ = try first.readToEnd()
                }
            }
            try await Task.sleep(for: .milliseconds(round * 2))
            if round.isMultiple(of: 2) {
                await server.shutDown(within: .zero)
                await server.shutDown(within: .zero)
            }
            _ = consume server
            await clients.value
        }
    }

    @Test func aPortInUseIsSaid() async throws {
        try await withServer { server in
            var options = Self.anyPort
            options.port = server.port
            let error = #expect(throws: GenerationError.self) { try HTTPServer.start(options, handler: plainHandler) }
            #expect(error?.message == "Port \(server.port) is in use.")
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"),
        ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::", "::1"),
    ])
    func listens(on host: String, isReachedAt address: String) async throws {
        try await withServer(
            { $0.host = host },
            { server in
                let header = try await RawClient.talk(to: server.port, host: address) { client in
                    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    return try client.readResponse().header
                }
                #expect(header.contains("X-Peer: ") && header.contains(address))
            })
    }

    @Test(arguments: [
        ("nowhere.invalid", "There is no address \"nowhere.invalid\" to listen on."),
        ("", "There is no address \"\" to listen on."),
        ("192.0.2.1", "The address 192.0.2.1 is not one of this machine's."),
    ])
    func anAddressThatIsNotOursIsSaid(_ host: String, _ sentence: String) {
        var options = Self.anyPort
        options.host = host
        let error = #expect(throws: GenerationError.self) { try HTTPServer.start(options, handler: plainHandler) }
        #expect(error?.message == sentence)
    }

    private static var anyPort: HTTPServerOptions {
        var options = HTTPServerOptions()
        options.port = 0
        return options
    }
}
