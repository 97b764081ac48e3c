import Foundation
import Testing

/// `freshet synth` as a process.
struct SynthTests {
    @Test func aModelIsMadeAndInspected() async throws {
        let file = try TemporaryFile("what was there")
        let made = await FreshetProcess.run(
            ["synth", "--shape", "tiny-llama", "--quant", "Q4_K_M", "--seed", "3", "-o", file.path])
        #expect(made.ending == .exited(0) && made.text == "")
        #expect(made.errorText.hasPrefix("Wrote \(file.path): tiny-llama in q4_K_M, 1 M parameters, "))
        let page = await FreshetProcess.run(["inspect", file.path])
        #expect(page.ending == .exited(0) && page.text.contains("tiny-llama-synthetic"))
        let answer = await FreshetProcess.run(["generate", "-m", file.path, "-n", "5", "--temp", "0", "the"])
        #expect(answer.ending == .exited(0) && !answer.text.isEmpty)
    }

    @Test(
        arguments: [
            (["--shape", "walrus", "-o", "x"], 2, ["--shape must be ", "qwen2.5-0.5b, ", "tiny-mamba", "“walrus”"]),
            (["--quant", "q3", "-o", "x"], 2, ["--quant must be f16, q8_0, q4_0, q4_K_M, q5_K_M, but is “q3”."]),
            (["--shape", "tiny-llama"], 2, ["synth needs a file to write: freshet synth -o FILE."]),
            (
                ["--shape", "tiny-llama", "-o", "/nowhere/x"], 1,
                ["Cannot write “/nowhere/x”: No such file or directory."]
            ),
            (["--shape", "tiny-llama", "-o", "/"], 1, ["Cannot write “/”: Is a directory."]),
            (["--shape", "tiny-llama", "-o", "/dev/null"], 1, ["Cannot write “/dev/null”: it is not a regular file."]),
        ] as [([String], Int32, [String])])
    func whatIsWrongIsSaid(arguments: [String], status: Int32, texts: [String]) async {
        let outcome = await FreshetProcess.run(["synth"] + arguments)
        #expect(outcome.ending == .exited(status))
        for text in texts { #expect(outcome.errorText.contains(text), "\(outcome.errorText)") }
    }

    @Test func theHelpNamesTheShapesAndTypes() async {
        let help = await FreshetProcess.run(["synth", "--help"]).text
        for text in ["qwen2.5-0.5b", "llama-3.2-1b", "tiny-jamba", "q4_K_M", "--seed"] {
            #expect(help.contains(text), "\(text)")
        }
    }
}
