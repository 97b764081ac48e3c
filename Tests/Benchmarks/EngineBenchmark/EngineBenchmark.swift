import Foundation
import Freshet
import FreshetBench
import FreshetTestSupport
import Glibc

/// Prints how `freshet serve` does beside `llama-server`, and other commands beside llama.cpp's other programs, from the
/// same llama.cpp, on the same model, with the same threads, slots and context, in one run in which the sides take turns.
/// Only the ratios of one run count.
@main
enum EngineBenchmark {
    static func main() async {
        let options: BenchmarkOptions
        do throws(BenchmarkOptions.Refusal) {
            options = try BenchmarkOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error.message)\n".utf8))
            exit(error.status)
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-bench-\(UUID().uuidString)")
        Children.watchSignals()
        var status: Int32 = 0
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try await run(options, folder: folder.path)
        } catch {
            FileHandle.standardError.write(Data("engine: \(error)\n".utf8))
            status = 1
        }
        try? FileManager.default.removeItem(at: folder)
        exit(status)
    }

    private static func run(_ options: BenchmarkOptions, folder: String) async throws {
        let arena = try Arena(options, folder: folder)
        let report = Report(
            date: Date(), build: Report.Build(version: "of this checkout", commit: commit), machine: .current,
            sides: [], rounds: options.rounds)
        TableReport(report).head.forEach { print($0) }
        print(arena.rival)
        print(
            "model: \(options.model ?? "\(options.shape) in \(options.quantization), synthetic"), "
                + "\(options.threads.map(String.init) ?? "all") threads")
        for contest in options.contests {
            let found = try await arena.measure(contest, report)
            print("\n\(contest.rawValue)")
            TableReport(found).figures.forEach { print($0) }
            for omission in found.omissions { print("not measured: \(omission.reason)") }
            // A measurement takes minutes: what there is may be read from a pipe too.
            fflush(nil)
        }
    }

    /// The checkout's commit, and whether it was changed since; `nil` where git does not say.
    private static var commit: String? {
        let git = ["git", "-C", EmbeddedModel.repository.path]
        guard let hash = try? Tool.run(git + ["rev-parse", "--short=11", "HEAD"]) else { return nil }
        let isChanged = (try? Tool.run(git + ["status", "--porcelain", "--untracked-files=no"]))?.isEmpty == false
        return hash.trimmingCharacters(in: .whitespacesAndNewlines) + (isChanged ? "+" : "")
    }
}
