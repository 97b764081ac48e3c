import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetHTTP

/// What many clients with large bodies cost: read, a body takes many times its size, and long.
@Suite(.timeLimit(.minutes(10))) struct LargeBodyTests {
    /// A provider that notes how many requests it is asked at a time, and lets a long prompt wait for its gate.
    private final class GatedProvider: Provider {
        let model = "gated"
        let most = Atomic(0)
        let gate = AsyncStream<Void>.makeStream()
        private let inside = Atomic(0)
        private let answer = ScriptedProvider(answering: ["Hello"])

        func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
            if case .text(let text) = request.prompt, text.count > 1000 {
                most.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                for await _ in gate.stream { break }
                inside.subtract(1, ordering: .relaxed)
            }
            return try await answer.stream(request)
        }
    }

    @Test func largeBodiesAreReadOneAfterTheOtherAndSmallOnesPass() async throws {
        let provider = GatedProvider()
        let service = try makeService(provider)
        func status(_ prompt: String) async -> Int {
            let body = Array(#"{"model":"scripted","prompt":"\#(prompt)"}"#.utf8)
            return await service.respond(to: HTTPRequest(method: "POST", path: "/v1/completions", body: body)).status
        }
        let large = (0..<8).map { _ in Task { await status(String(repeating: "a", count: 100_000)) } }
        while provider.most.load(ordering: .relaxed) == 0 { await Task.yield() }
        for _ in 0..<20 { #expect(await status("Hi") == 200) }
        for _ in large { provider.gate.continuation.yield() }
        for task in large { #expect(await task.value == 200) }
        #expect(provider.most.load(ordering: .relaxed) == 1)
    }

    @Test func aBodyCountsUntilItsAnswerHasEnded() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let isHeld = Flag()
        try await withServer(
            { $0.limits.receivedBytes = 50_000 },
            handler: { request in
                if request.path == "/hold" {
                    isHeld.raise()
                    for await _ in gate.stream { break }
                }
                return await plainHandler(request)
            },
            { server in
                let port = server.port
                let statuses = try await RawClient.talk(to: port) { client in
                    func post(_ path: String, to client: RawClient) throws {
                        try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n")
                        try client.send([UInt8](repeating: 0, count: 40_000))
                    }
                    func status(_ client: RawClient) throws -> String {
                        String(try client.readResponse().header.dropFirst(9).prefix(3))
                    }
                    try post("/hold", to: client)
                    isHeld.wait()
                    let other = try RawClient(port: port)
                    try post("/echo", to: other)
                    let whileHeld = try status(other)
                    gate.continuation.yield()
                    let held = try status(client)
                    try post("/echo", to: client)
                    return (whileHeld, held, try status(client))
                }
                #expect(statuses == ("503", "200", "200"))
            })
    }
}
