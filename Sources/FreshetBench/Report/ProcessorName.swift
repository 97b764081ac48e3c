/// A processor's name, from the words of Linux's `/proc/cpuinfo`, which every architecture writes in its own way.
struct ProcessorName {
    /// The name as the processor gives it itself; for an ARM core, which gives numbers, the designer's and the core's.
    let text: String

    /// Reads the words; `nil` where no name is among them.
    init?(cpuInformation words: String) {
        let lines = words.split(separator: "\n").compactMap { line -> (name: String, value: String)? in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmed }
            return parts.count == 2 && !parts[1].isEmpty ? (parts[0], parts[1]) : nil
        }
        func first(_ name: String) -> String? { lines.first { $0.name == name }?.value }
        if let name = Self.lines.lazy.compactMap(first).first {
            text = name
        } else if let name = Self.coreNames(lines) {
            text = name
        } else {
            return nil
        }
    }

    /// The lines that hold a name: of x86, MIPS, RISC-V and POWER.
    private static let lines = ["model name", "cpu model", "uarch", "cpu"]

    /// The names of an ARM processor's kinds of core, each once, in their order.
    private static func coreNames(_ lines: [(name: String, value: String)]) -> String? {
        var (designer, names): (String?, [String]) = (nil, [])
        for (name, value) in lines {
            if name == "CPU implementer" { designer = value }
            guard name == "CPU part", let designer else { continue }
            let known = designer == "0x41" ? armCores[value] : nil
            let core = "\(designers[designer] ?? "designer \(designer)") \(known ?? "core \(value)")"
            if !names.contains(core) { names.append(core) }
        }
        return names.isEmpty ? nil : names.joined(separator: " + ")
    }

    /// Designers by the number in the main ID register (MIDR_EL1, Arm Architecture Reference Manual).
    private static let designers = [
        "0x41": "ARM", "0x42": "Broadcom", "0x43": "Cavium", "0x46": "Fujitsu", "0x48": "HiSilicon", "0x4e": "NVIDIA",
        "0x51": "Qualcomm", "0x61": "Apple", "0x6d": "Microsoft", "0xc0": "Ampere",
    ]

    /// Arm's own cores by their part number, as each core's technical reference manual has it.
    private static let armCores = [
        "0xd03": "Cortex-A53", "0xd05": "Cortex-A55", "0xd07": "Cortex-A57", "0xd08": "Cortex-A72",
        "0xd09": "Cortex-A73", "0xd0a": "Cortex-A75", "0xd0b": "Cortex-A76", "0xd0c": "Neoverse-N1",
        "0xd40": "Neoverse-V1", "0xd41": "Cortex-A78", "0xd44": "Cortex-X1", "0xd46": "Cortex-A510",
        "0xd47": "Cortex-A710", "0xd48": "Cortex-X2", "0xd49": "Neoverse-N2", "0xd4d": "Cortex-A715",
        "0xd4e": "Cortex-X3", "0xd4f": "Neoverse-V2", "0xd80": "Cortex-A520", "0xd81": "Cortex-A720",
        "0xd82": "Cortex-X4", "0xd84": "Neoverse-V3", "0xd8e": "Neoverse-N3",
    ]
}

extension Substring {
    /// Without the blanks at both ends.
    fileprivate var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
