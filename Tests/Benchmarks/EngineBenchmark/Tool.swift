import Foundation
import Freshet

/// A program that is run to its end for what it writes.
enum Tool {
    /// What it wrote to both of its streams.
    ///
    /// - Throws: `GenerationError` with its words, when it cannot be run or fails.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws(GenerationError) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        do {
            try process.run()
        } catch {
            throw GenerationError(.unreachable, "\(arguments[0]) cannot be run: \(error).")
        }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw GenerationError(.unreachable, "\(arguments.joined(separator: " ")) failed:\n\(text)")
        }
        return text
    }
}
