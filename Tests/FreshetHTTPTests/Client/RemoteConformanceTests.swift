import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// The remote provider keeps the laws of the chunk protocol, however a server sends its answer.
@Suite(.timeLimit(.minutes(10))) struct RemoteConformanceTests {
    private let request = GenerationRequest(
        prompt: .messages([Message(role: .user, content: "Say something.")]), maxTokens: 20, stop: ["###"])

    private func provider(_ server: LoopbackServer) throws -> RemoteProvider {
        try RemoteProvider(RemoteOptions(baseURL: server.url + "/v1", model: "asked"))
    }

    @Test(arguments: Transcript.forms.indices) func obeysEveryLaw(_ form: Int) async throws {
        let server = try LoopbackServer { _ in Transcript.forms[form].steps }
        let provider = try provider(server)
        for law in ProviderConformance.laws {
            do {
                try await law.check(provider, request)
            } catch {
                Issue.record("\(Transcript.forms[form].name): \(law): \(error)")
            }
        }
        await provider.shutDown()
    }

    @Test func everyFormGivesTheSameAnswer() async throws {
        for form in Transcript.forms {
            let server = try LoopbackServer { _ in form.steps }
            let reply = try await provider(server).reply(to: request)
            #expect(reply.id == "chatcmpl-1" && reply.created == 1_700_000_000 && reply.model == "served")
            #expect(reply.text == Transcript.pieces.joined(), "\(form.name)")
            #expect(reply.finish == Finish(.stop) && reply.choices.count == 1)
            #expect(reply.usage == Usage(promptTokens: 7, completionTokens: 6))
        }
    }

    /// Whether the connection breaks off or the body ends in good order: an answer that stops early never looks
    /// finished.
    @Test(arguments: [true, false]) func truncationAtEveryEvent(_ isOrderly: Bool) async throws {
        let events = Transcript.events
        for count in 0...events.count {
            let body = LoopbackServer.chunk(Transcript.wire(events.prefix(count), done: false) + Array(": end\n".utf8))
            let server = try LoopbackServer { _ in
                [
                    .readRequest,
                    .send(LoopbackServer.chunkedHead() + body + (isOrderly ? LoopbackServer.chunk([]) : [])),
                ]
            }
            if isOrderly && count >= events.count - 1 {
                // The finish has come, and some servers send no [DONE].
                let reply = try await provider(server).reply(to: request)
                #expect(reply.text == Transcript.pieces.joined())
                #expect(reply.usage?.completionTokens == (count == events.count ? 6 : 0))
            } else {
                let error = try await ProviderConformance.failureKeepsPartialWork(provider(server), request)
                #expect(error.code == .truncated)
                let pieces = Transcript.pieces.prefix(max(0, count - 1))
                #expect(error.partial?.text == pieces.joined(), "after \(count) events")
            }
        }
    }

    /// The cut is within an event: what is left of it is no part of the answer.
    @Test func truncationWithinAnEvent() async throws {
        let wire = Transcript.wire(Transcript.events.prefix(3), done: false)
        for cut in stride(from: 1, to: wire.count, by: 37) {
            let server = try LoopbackServer { _ in
                [
                    .readRequest,
                    .send(LoopbackServer.chunkedHead() + LoopbackServer.chunk(wire[..<cut]) + LoopbackServer.chunk([])),
                ]
            }
            let error = try await ProviderConformance.failureKeepsPartialWork(provider(server), request)
            #expect(error.code == .truncated, "\(cut): \(error)")
        }
    }

    /// A reset, and a silence that outlasts the idle deadline, after every number of events.
    @Test(arguments: [LoopbackServer.Step.reset, .stall]) func breakingOffInMidStream(
        _ last: LoopbackServer.Step
    ) async throws {
        let isReset = if case .reset = last { true } else { false }
        for count in 1..<Transcript.events.count {
            let body = LoopbackServer.chunk(Transcript.wire(Transcript.events.prefix(count), done: false))
            let server = try LoopbackServer { _ in
                [.readRequest, .send(LoopbackServer.chunkedHead() + body), .pause(.milliseconds(20)), last]
            }
            let deadlines = HTTPDeadlines(idle: isReset ? .seconds(60) : .milliseconds(300))
            let provider = try RemoteProvider(
                RemoteOptions(baseURL: server.url + "/v1", model: "asked", deadlines: deadlines))
            let error = try await ProviderConformance.failureKeepsPartialWork(provider, request)
            #expect(error.code == (isReset ? .truncated : .deadlineExceeded), "after \(count) events: \(error)")
            let (sent, kept) = (Transcript.pieces.prefix(count - 1).joined(), error.partial?.text ?? "")
            // A reset may throw away what was sent and not yet read.
            #expect(isReset ? sent.hasPrefix(kept) : sent == kept, "after \(count) events")
        }
    }

    @Test func anErrorInMidStreamIsTheFailure() async throws {
        let error = #"{"error":{"message":"The GPU fell off.","type":"server_error","param":null,"code":null}}"#
        for tail in [[error], [error, "[DONE]"]] {
            let server = try LoopbackServer { _ in
                [
                    .readRequest, .send(LoopbackServer.chunkedHead()),
                    .send(LoopbackServer.chunk(Transcript.wire(Transcript.events.prefix(3) + tail, done: false))),
                    .send(LoopbackServer.chunk([])), .again,
                ]
            }
            let failure = try await ProviderConformance.failureKeepsPartialWork(provider(server), request)
            #expect(failure.code == .providerFailed && failure.message == "The GPU fell off.")
            #expect(failure.partial?.text == "Naïve café")
        }
    }
}
