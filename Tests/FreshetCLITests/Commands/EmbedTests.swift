import Foundation
import FreshetTestSupport
import Testing

/// `freshet embed` as a process.
struct EmbedTests {
    private static func numbers(_ line: Substring) -> [Double] { line.split(separator: " ").compactMap { Double($0) } }

    @Test func eachTextHasALineOfLengthOne() async throws {
        let arguments = await FreshetProcess.run(["embed", "a cow", "a calf"])
        #expect(arguments.ending == .exited(0) && arguments.errorText == "")
        let lines = arguments.text.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines {
            let numbers = Self.numbers(line)
            #expect(numbers.count > 16 && abs(numbers.reduce(0) { $0 + $1 * $1 } - 1) < 1e-3)
        }
        let piped = await FreshetProcess.run(["embed"], input: Array("a cow\na calf\n".utf8))
        #expect(piped.text == arguments.text)
        let file = try TemporaryFile("a cow\r\n")
        let both = await FreshetProcess.run(["embed", "-", "-f", file.path], input: Array("a calf".utf8))
        #expect(both.text == arguments.text)
    }

    @Test func theOtherFormatsAreOpenAIs() async throws {
        let lines = await FreshetProcess.run(["embed", "--format", "jsonl", "--dimensions", "3", "a", "b"])
        let objects = try lines.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { $0["index"] as? Int } == [0, 1])
        #expect(objects.allSatisfy { ($0["embedding"] as? [Double])?.count == 3 })
        let whole = await FreshetProcess.run(["embed", "--format", "json", "--no-normalize", "a", "b"])
        let reply = try #require(try JSONSerialization.jsonObject(with: Data(whole.output)) as? [String: Any])
        #expect((reply["data"] as? [Any])?.count == 2 && reply["object"] as? String == "list")
        #expect(((reply["usage"] as? [String: Int])?["prompt_tokens"] ?? 0) > 1)
    }

    /// A model that only embeds does so on the command line, in a server, and through one, and says that it cannot talk.
    @Test func aBertEmbedsAndIsServed() async throws {
        let file = try TemporaryFile(TinyBert(seed: 9).writer().file)
        let local = await FreshetProcess.run(["embed", "-m", file.path, "a cow", "moo"])
        let lines = local.text.split(separator: "\n")
        #expect(local.ending == .exited(0) && lines.map { Self.numbers($0).count } == [TinyBert.width, TinyBert.width])
        let generated = await FreshetProcess.run(["generate", "-m", file.path, "a cow"])
        #expect(generated.ending == .exited(1) && generated.errorText.contains("can only embed"))
        let outcome = try await FreshetServer.run(["-m", file.path, "--alias", "bert"]) { server in
            let url = "http://127.0.0.1:\(server.port)/v1"
            let remote = ["--provider", "openai", "--base-url", url, "--model", "bert"]
            let keyless = ["OPENAI_API_KEY": ""]
            let vectors = await FreshetProcess.run(["embed"] + remote + ["a cow", "moo"], environment: keyless)
            #expect(vectors.text == local.text, "\(vectors.errorText)")
            let talk = await FreshetProcess.run(["generate"] + remote + ["a cow"], environment: keyless)
            #expect(talk.errorText.contains("“bert” generates no text"), "\(talk.errorText)")
        }
        #expect(outcome.ending == .exited(0), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("path=/v1/embeddings status=200 model=bert prompt_tokens=11"))
    }

    @Test(
        arguments: [
            (["embed", ""], 2, "empty"), (["embed", "--dimensions", "100000", "a"], 2, "dimensions must be at most"),
            (["embed", "--pooling", "cls", "a"], 2, "--pooling cannot be cls"),
            (
                ["embed", "--provider", "openai", "--model", "m", "--pooling", "cls", "a"], 2,
                "--pooling is for a model on"
            ),
            (["embed", String(repeating: "word ", count: 5000)], 1, "embeds at most 1024"),
        ] as [([String], Int32, String)]) func mistakesAreSentences(
            arguments: [String], status: Int32, words: String
        ) async
    {
        let outcome = await FreshetProcess.run(arguments)
        #expect(outcome.ending == .exited(status) && outcome.errorText.contains(words), "\(outcome.errorText)")
        #expect(outcome.text == "")
    }

    /// By its own place, and not by that within the texts that were sent together.
    @Test func aTextThatIsTooLongIsNamed() async throws {
        let long = String(repeating: "word ", count: 5000)
        let file = try TemporaryFile(String(repeating: "a\n", count: 299) + long + "\n")
        let lines = await FreshetProcess.run(["embed", "--format", "json", "-f", file.path])
        #expect(lines.ending == .exited(1))
        #expect(lines.errorText.contains("Line 300 of “\(file.path)” has"), "\(lines.errorText)")
        let arguments = await FreshetProcess.run(["embed", "a", long])
        #expect(arguments.errorText.contains("Text 2 has"), "\(arguments.errorText)")
    }

    @Test func nothingIsNoText() async {
        let outcome = await FreshetProcess.run(["embed"], input: [])
        #expect(outcome.ending == .exited(1) && outcome.errorText.contains("Standard input is empty"))
    }

    @Test func anEmptyLineIsNamed() async {
        let outcome = await FreshetProcess.run(["embed"], input: Array("a\n\nb\n".utf8))
        #expect(outcome.ending == .exited(1) && outcome.errorText.contains("Line 2 of standard input is empty"))
    }
}
