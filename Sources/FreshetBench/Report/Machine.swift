internal import Foundation

/// Where a measurement was taken: figures mean nothing without it.
package struct Machine: Codable, Sendable, Hashable {
    /// The processor's name, as it calls itself.
    package var processor: String
    /// Processors that this process may use.
    package var processorCount: Int
    /// Bytes of memory.
    package var memory: Int
    /// Programs that wanted to run when the measurement began, as a mean over a minute; `nil` where the system does not
    /// say. Much more than none makes the figures worse.
    package var load: Double?

    /// A machine.
    package init(processor: String, processorCount: Int, memory: Int, load: Double? = nil) {
        self.processor = processor
        self.processorCount = processorCount
        self.memory = memory
        self.load = load
    }

    /// This machine, now.
    package static var current: Machine {
        let information = ProcessInfo.processInfo
        return Machine(
            processor: ProcessorName(cpuInformation: read("/proc/cpuinfo"))?.text ?? "an unknown processor",
            processorCount: information.activeProcessorCount, memory: Int(clamping: information.physicalMemory),
            load: read("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) })
    }

    private static func read(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
