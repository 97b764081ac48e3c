import Foundation
import Freshet
import FreshetTestSupport

/// Where and of what a measurement was taken: figures mean nothing without it.
enum Machine {
    /// Lines for the head of a report.
    static func lines() -> [String] {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let memory = Double(ProcessInfo.processInfo.physicalMemory) / Double(1 << 30)
        let load = read("/proc/loadavg")?.split(separator: " ").first ?? "?"
        return [
            "machine   \(processor), \(processors) processors, \(Int(memory.rounded())) GiB; load before: \(load)",
            "freshet   \(commit)",
        ]
    }

    private static var processor: String {
        let line = read("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "an unknown processor"
    }

    private static var commit: String {
        let git = ["git", "-C", EmbeddedModel.repository.path]
        guard let hash = try? Tool.run(git + ["rev-parse", "--short", "HEAD"]) else { return "of no commit" }
        let isChanged = (try? Tool.run(git + ["status", "--porcelain", "--untracked-files=no"]))?.isEmpty == false
        return hash.trimmingCharacters(in: .whitespacesAndNewlines) + (isChanged ? ", changed" : "")
    }

    private static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
