import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Synchronization
import Testing

struct LlamaModelTests {
    @Test func tellsWhatTheFileSays() throws {
        let model = try LlamaModel(path: EmbeddedModel.path)
        #expect(model.metadata.contains { $0.key == "general.architecture" && $0.value == .string("llama") })
        #expect(model.name == model.metadata.first { $0.key == "general.name" }?.value.string)
        #expect(model.trainedContextLength >= 1024)
        #expect(model.parameterCount > 1_000_000)
        // Two bytes a parameter, and a little more for the norms.
        #expect(model.byteCount > model.parameterCount * 2 && model.byteCount < model.parameterCount * 3)
        #expect(model.chatTemplate?.contains("assistant") == true)
    }

    @Test func progressRisesToTheWhole() throws {
        let seen = Mutex<[Double]>([])
        _ = try LlamaModel(path: EmbeddedModel.path) { fraction in
            seen.withLock { $0.append(fraction) }
            return true
        }
        let fractions = seen.withLock { $0 }
        #expect(fractions == fractions.sorted())
        #expect(fractions.last == 1)
    }

    @Test func loadingCanBeStopped() throws {
        let error = #expect(throws: GenerationError.self) {
            try LlamaModel(path: EmbeddedModel.path) { _ in false }
        }
        #expect(error?.code == .cancelled)
    }

    /// What changes speed does not change the text. The prompt is long enough for OpenBLAS, which one context uses and
    /// the next does not.
    @Test func howItIsComputedDoesNotChangeTheText() async throws {
        let changes: [@Sendable (inout LlamaOptions) -> Void] = [
            { _ in }, { $0.load.usesMemoryMap = false }, { $0.load.usesHugePages = true }, { $0.usesBLAS = true },
            { $0.load.usesRepacking = false }, { ($0.batchSize, $0.microBatchSize) = (64, 8) },
        ]
        let story =
            "Once upon a time there was a little girl who had a red ball. She loved to play with it in the park. "
        let request = GenerationRequest(
            prompt: .text(story + story + "One day"), sampling: .greedy, maxTokens: 12)
        var texts: Set<String> = []
        for change in changes {
            var options = LlamaOptions.embedded
            change(&options)
            let provider = try await LlamaProvider.load(options)
            texts.insert(try await provider.reply(to: request).text)
            await provider.shutDown()
        }
        #expect(texts.count == 1)
    }

    @Test func onlyLargePagesThatAreThereAreCounted() throws {
        var options = LlamaModel.LoadOptions()
        #expect(try LlamaModel(path: EmbeddedModel.path, options: options).hugePageByteCount == 0)
        options.usesHugePages = true
        let model = try LlamaModel(path: EmbeddedModel.path, options: options)
        let mode = (try? String(contentsOfFile: "/sys/kernel/mm/transparent_hugepage/enabled", encoding: .utf8)) ?? ""
        if mode.isEmpty || mode.contains("[never]") {
            #expect(model.hugePageByteCount == 0)
        } else {
            // The system may have none left; what it gives are whole pages.
            #expect(model.hugePageByteCount % (2 << 20) == 0 && model.hugePageByteCount < 4 * model.byteCount)
        }
    }

    @Test(arguments: ["/nowhere/at/all.gguf", "/", "/dev/null"])
    func whatIsNoModelIsRefusedWithItsPath(path: String) {
        let error = #expect(throws: GenerationError.self) { try LlamaModel(path: path) }
        #expect(error?.message.contains(path) == true)
    }

    @Test func logLinesGoToTheReceiverOnly() throws {
        let lines = Mutex<[LlamaLog.Line]>([])
        LlamaLog.send { line in lines.withLock { $0.append(line) } }
        _ = try LlamaModel(path: EmbeddedModel.path)
        LlamaLog.send(to: nil)
        let received = lines.withLock { $0 }
        #expect(received.contains { $0.level == .info && $0.text.contains("general.architecture") })
        #expect(received.allSatisfy { !$0.text.contains("\n") })
    }
}

extension LlamaOptions {
    /// The embedded model on one thread: tests run side by side on few processors.
    static var embedded: LlamaOptions {
        var options = LlamaOptions(modelPath: EmbeddedModel.path)
        options.threads = 1
        return options
    }
}
