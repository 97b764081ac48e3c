import Foundation
import Freshet

/// A program that is run to its end for what it writes.
enum Tool {
    /// What it wrote. It finds nothing on its standard input.
    ///
    /// - Parameter takesErrors: whether what it wrote to standard error counts too.
    /// - Throws: `GenerationError` with its words, when it cannot be run or fails.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], takesErrors: Bool = true
    ) throws(GenerationError) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, pipe)
        process.standardError = takesErrors ? pipe : FileHandle.nullDevice
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
