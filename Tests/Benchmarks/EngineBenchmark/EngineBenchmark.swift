import Foundation
import Freshet
import Glibc

/// Prints how `freshet serve` does beside `llama-server`, from the same llama.cpp, on the same model, with the same
/// threads, slots and context, in one run in which the sides take turns. Only the ratios of one run count.
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
        Machine.lines().forEach { print($0) }
        print(arena.rival)
        print(
            "model     \(options.model ?? "\(options.shape) in \(options.quantization), synthetic"), "
                + "\(options.rounds) rounds, \(options.threads.map(String.init) ?? "all") threads\n")
        print(Comparison.title)
        fflush(nil)
        for figure in options.figures {
            for line in try await figure.measure(in: arena) { print(line.line) }
            // A measurement takes minutes: what there is may be read from a pipe too.
            fflush(nil)
        }
    }
}
