internal import Foundation

/// How much memory this process can still have.
enum FreeMemory {
    /// What the kernel says is available, or what a container leaves of it; half of the machine's where it does not
    /// say.
    static var byteCount: Int {
        let group = number(in: "/sys/fs/cgroup/memory.max").map { limit in
            max(0, limit - (number(in: "/sys/fs/cgroup/memory.current") ?? 0))
        }
        let machine = available ?? Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
        return min(machine, group ?? .max)
    }

    /// The line `MemAvailable:  123456 kB` of /proc/meminfo.
    private static var available: Int? {
        let lines = text(of: "/proc/meminfo")?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    private static func number(in path: String) -> Int? {
        text(of: path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func text(of path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
