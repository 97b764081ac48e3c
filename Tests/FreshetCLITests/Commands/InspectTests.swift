import Foundation
import FreshetTestSupport
import Testing

/// `freshet inspect` and `freshet tokenize` as processes.
struct InspectTests {
    @Test func thePageTellsAboutTheEmbeddedModel() async {
        let outcome = await FreshetProcess.run(["inspect"])
        #expect(outcome.ending == .exited(0))
        #expect(outcome.errorText == "")
        for text in [
            "Architecture   llama", "Context        1024 tokens", "Tensors by type:", "general.name = ",
            "Chat template:",
        ] {
            #expect(outcome.text.contains(text), "\(text)")
        }
        let named = await FreshetProcess.run([
            "inspect", FreshetTestSupport.EmbeddedModel.path, "--tensors", "--template",
        ])
        #expect(named.text.contains("token_embd.weight"))
    }

    @Test func theJSONHoldsEverything() async throws {
        let outcome = await FreshetProcess.run(["inspect", "--json"])
        let page = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
        #expect(page["architecture"] as? String == "llama")
        #expect(page["context_length"] as? Int == 1024)
        #expect((page["parameters"] as? Int ?? 0) > 1_000_000)
        let metadata = try #require(page["metadata"] as? [[String: Any]])
        let tokens = metadata.first { $0["key"] as? String == "tokenizer.ggml.tokens" }?["value"] as? [String]
        #expect(tokens?.count == page["vocabulary_size"] as? Int)
    }

    @Test func anUnknownArchitectureIsInspectedAllTheSame() async throws {
        var writer = GGUFWriter.tinyLlama
        writer["general.architecture"] = .string("walrus")
        writer["walrus.context_length"] = .uint32(77)
        let file = try TemporaryFile(writer.file)
        let outcome = await FreshetProcess.run(["inspect", file.path])
        #expect(outcome.ending == .exited(0))
        #expect(outcome.text.contains("Architecture   walrus") && outcome.text.contains("77 tokens"))
    }

    @Test func aHostileNameCannotCommandTheTerminal() async throws {
        var writer = GGUFWriter.tinyLlama
        writer["general.name"] = .string("\u{1B}[2J\u{9B}31m\rowned\u{7}")
        writer["\u{1B}]0;title\u{7}"] = .strings(["\u{1B}c"])
        writer["tokenizer.chat_template"] = .string("\u{1B}[31m\n{{ x }}")
        let file = try TemporaryFile(writer.file)
        for arguments in [["inspect", file.path], ["generate", "-m", file.path, "-n", "1", "a"]] {
            let outcome = await FreshetProcess.run(arguments)
            for text in [outcome.text, outcome.errorText] {
                for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
                    #expect(scalar == "\n" || scalar == "\t")
                }
            }
        }
    }

    @Test func tokensAreShownWithTheirText() async throws {
        let text = "Once upon a time"
        let list = await FreshetProcess.run(["tokenize", text])
        #expect(list.ending == .exited(0) && list.text.contains("'Once'"))
        let ids = await FreshetProcess.run(["tokenize", "--ids", text])
        let tokens = try JSONDecoder().decode([Int].self, from: Data(ids.output))
        #expect(tokens.count == list.text.split(separator: "\n").count)
        #expect(await FreshetProcess.run(["tokenize", "--count", text]).text == "\(tokens.count)\n")
        let input = await FreshetProcess.run(["tokenize", "--ids"], input: Array(text.utf8))
        #expect(input.text == ids.text)
        let bare = await FreshetProcess.run(["tokenize", "--ids", "--no-bos", text])
        #expect(try JSONDecoder().decode([Int].self, from: Data(bare.output)) == Array(tokens.dropFirst()))
    }

    @Test func marksAreReadUnlessTheyAreNot() async {
        let parsed = await FreshetProcess.run(["tokenize", "--count", "--no-bos", "<|end|>"])
        #expect(parsed.text == "1\n")
        let plain = await FreshetProcess.run(["tokenize", "--count", "--no-bos", "--no-parse-special", "<|end|>"])
        #expect(plain.text != "1\n" && plain.ending == .exited(0))
    }
}
