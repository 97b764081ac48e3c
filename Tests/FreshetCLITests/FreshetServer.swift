import Foundation
import FreshetTestSupport
import Synchronization

/// `freshet serve` on a free port of this machine, for the length of a test.
final class FreshetServer: Sendable {
    /// Where it listens.
    let port: UInt16
    private let process: pid_t
    private let hasSignal = Atomic(false)

    private init(port: UInt16, process: pid_t) { (self.port, self.process) = (port, process) }

    /// Runs the server with further options while `body` talks to it, then asks it to end, unless `body` has.
    ///
    /// - Returns: what came of the server.
    static func run(
        _ arguments: [String] = [], environment: [String: String] = [:],
        _ body: @escaping @Sendable (FreshetServer) async throws -> Void
    ) async throws -> FreshetProcess.Outcome {
        let (starts, start) = AsyncStream<FreshetServer>.makeStream()
        let step = FreshetProcess.Step(
            "Ctrl-C ends.",
            .call { process, text in
                let port = text.firstMatch(of: /Listening on http:\S+?:(\d+)/).flatMap { UInt16($0.1) }
                start.yield(FreshetServer(port: port ?? 0, process: process))
            })
        let running = Task {
            let outcome = await FreshetProcess.run(
                ["serve", "--port", "0"] + arguments, steps: [step],
                environment: ["FRESHET_API_KEY": ""].merging(environment) { $1 })
            start.finish()
            return outcome
        }
        for await server in starts {
            do {
                try await body(server)
                // A second signal would end it at once.
                if !server.hasSignal.load(ordering: .relaxed) { server.signal(SIGTERM) }
            } catch {
                server.signal(SIGKILL)
                throw error
            }
        }
        return await running.value
    }

    /// Sends the server a signal.
    func signal(_ number: Int32) {
        hasSignal.store(true, ordering: .relaxed)
        kill(process, number)
    }

    /// Reads the beginning of a stream, does `body`, and then leaves, in the middle of the stream.
    func whileStreaming(_ request: String, _ body: () async throws -> Void) async throws {
        let (begins, begin) = AsyncStream<Void>.makeStream()
        let leave = DispatchSemaphore(value: 0)
        let talk = Task {
            defer { begin.finish() }
            try await self.talk { client in
                try client.post(request)
                _ = try client.read(until: #""content":""#)
                _ = try client.read(until: #""content":""#)
                begin.yield()
                _ = leave.wait(timeout: .now() + .seconds(RawClient.patience))
            }
        }
        for await _ in begins {
            do {
                try await body()
                leave.signal()
            } catch {
                leave.signal()
                throw error
            }
        }
        try await talk.value
    }

    /// Talks to it as a client, on a thread of the client's own.
    func talk<Result: Sendable>(_ body: @escaping @Sendable (RawClient) throws -> Result) async throws -> Result {
        try await RawClient.talk(to: port, body)
    }
}
