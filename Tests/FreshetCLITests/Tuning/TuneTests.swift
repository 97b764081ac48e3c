import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

@testable import FreshetCLI

/// `freshet tune`, from its options to the profile that it leaves.
@Suite(.timeLimit(.minutes(10))) struct TuneTests {
    @Test(arguments: [["--allow-kv", "f16"], ["--allow-kv", ""], ["--allow-kv", "q8_0,"], ["a.gguf", "b.gguf"]])
    func whatMakesNoSenseIsRefused(typed: [String]) {
        #expect(throws: UsageError.self) { try Tune.syntax.parse(typed) }
    }

    @Test func typesThatChangeAnswersAreAllowedByName() throws {
        #expect(try #require(try Tune.syntax.parse([])).cacheTypes.isEmpty)
        let values = try #require(try Tune.syntax.parse(["--allow-kv", "q4_0,q8_0,q4_0", "a.gguf"]))
        #expect(values.cacheTypes == [.q4_0, .q8_0] && values.path == "a.gguf")
    }

    private static func search(after speed: Double, whole: Double) -> TuningSearch {
        var start = TunedSettings()
        (start.usesRepacking, start.threads) = (true, 2)
        let question = TuningQuestion("no repacking") { $0.usesRepacking = false }
        var search = TuningSearch(start: start, questions: [question])
        while let step = search.step {
            let after = step.subject == question.subject ? speed : whole
            search.record(before: [.prompt: 100, .decode: 10], after: [.prompt: 100 * after, .decode: 10 * after])
        }
        return search
    }

    @Test func theReportSaysWhatIsFaster() {
        var report = TuningReport(search: Self.search(after: 1.5, whole: 1.4))
        report.place = "/a/profile.json"
        #expect(report.isWorthSaving)
        #expect(
            report.text == """
                Speed after each change, divided by that before:
                  no repacking       prompt 1.50 ×   decode 1.50 ×   kept
                  all that was kept  prompt 1.40 ×   decode 1.40 ×   kept

                Faster on this machine: --no-repack
                  prompt: 140.0 t/s, before 100.0 (1.40 ×)
                  decode: 14.00 t/s, before 10.00 (1.40 ×)
                Saved in /a/profile.json; every command uses it, unless it is told --no-profile.

                """)
    }

    @Test func theReportSaysWhenNothingIs() {
        let same = TuningReport(search: Self.search(after: 1, whole: 1))
        #expect(same.isWorthSaving && same.text.contains("Nothing was clearly faster"))
        let slower = TuningReport(search: Self.search(after: 1.5, whole: 0.9))
        #expect(!slower.isWorthSaving && slower.text.contains("nothing was saved"))
    }

    /// From the measurement to the next command, in runs too short to mean anything.
    @Test func theNextCommandUsesWhatWasSaved() async throws {
        let home = NSTemporaryDirectory() + "freshet-tune-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: home) }
        let environment = ["XDG_CONFIG_HOME": home]
        let model = try TemporaryFile("")
        let made = await FreshetProcess.run(["synth", "--shape", "tiny-llama", "-o", model.path])
        #expect(made.ending == .exited(0))
        let generate = ["generate", "-m", model.path, "-n", "1", "--verbose", "Once"]
        let before = await FreshetProcess.run(generate, environment: environment)
        #expect(before.ending == .exited(0) && !before.errorText.contains("profile"))
        var tune = FreshetProcess.Outcome(ending: .hung, stepsLeft: 0)
        // What luck keeps, the last comparison may throw away: then nothing is saved.
        for _ in 0..<20 where !tune.text.contains("Saved in ") {
            tune = await FreshetProcess.run(
                ["tune", "--quick", "--run-time", "1", model.path], environment: environment)
            #expect(tune.ending == .exited(0) && tune.text.hasPrefix("Speed after each change"), "\(tune.errorText)")
        }
        let place = try #require(tune.text.firstMatch(of: /\nSaved in (.+); every command uses it/)?.1)
        #expect(place.hasPrefix(home) && FileManager.default.fileExists(atPath: String(place)))
        let after = await FreshetProcess.run(generate, environment: environment)
        #expect(after.ending == .exited(0) && after.errorText.contains("profile of 2"), "\(after.errorText)")
        // The same words as the report's.
        let settings = tune.text.firstMatch(of: /\nFaster on this machine: (.+)\n/)?.1 ?? "nothing was faster"
        #expect(after.errorText.contains(": \(settings)"), "\(after.errorText)")
        let without = await FreshetProcess.run(generate + ["--no-profile"], environment: environment)
        #expect(without.ending == .exited(0) && !without.errorText.contains("profile of 2"))
    }

    @Test func anInterruptSavesNothing() async throws {
        let home = NSTemporaryDirectory() + "freshet-tune-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: home) }
        let outcome = await FreshetProcess.run(
            ["tune", "-v", EmbeddedModel.path], steps: [.init("llama_context", .signal(SIGINT))],
            environment: ["XDG_CONFIG_HOME": home])
        #expect(outcome.ending == .exited(130) && outcome.output.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: home))
    }
}
