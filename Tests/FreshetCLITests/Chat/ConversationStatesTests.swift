import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

@testable import FreshetCLI

struct ConversationStatesTests {
    /// One Ctrl-C stops what is being saved or restored: the text stays saved, and the next is done again.
    @Test func aSignalStopsIt() async throws {
        let provider = try await LlamaProvider.load(LlamaOptions(modelPath: EmbeddedModel.path))
        let request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), sampling: .greedy, maxTokens: 2)
        _ = try await provider.reply(to: request)
        let states = ConversationStates(provider)
        let file = try TemporaryFile("")
        defer { unlink(file.path + ".state") }
        let signals = Signals()
        signals.spareProgram()

        _ = signals.receive(SIGINT)
        let stopped = await states.save(request, beside: file.path, signals: signals)
        #expect(stopped.sentenceEnd == ", as text only. Saving what was computed was stopped.")
        #expect(access(file.path + ".state", F_OK) != 0)
        signals.clearInterrupt()
        let saved = await states.save(request, beside: file.path, signals: signals)
        #expect(saved.sentenceEnd.hasSuffix(" computed tokens."), "\(saved)")

        _ = signals.receive(SIGINT)
        let unread = await states.restore(beside: file.path, signals: signals)
        #expect(unread.sentenceEnd == ", as text only. Restoring what was computed was stopped.")
        signals.clearInterrupt()
        let restored = await states.restore(beside: file.path, signals: signals)
        #expect(restored.sentenceEnd == saved.sentenceEnd)

        // A state is not kept beside a conversation of which nothing is in memory.
        #expect(await states.save(nil, beside: file.path, signals: signals).sentenceEnd == ".")
        #expect(access(file.path + ".state", F_OK) != 0)
        await provider.shutDown()
    }
}
