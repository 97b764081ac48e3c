import Testing

@testable import FreshetBench

/// What is read of the machine.
struct MachineTests {
    @Test(
        arguments: [
            ("processor\t: 0\nmodel name\t: AMD EPYC: 9B14\nmodel name\t: other", "AMD EPYC: 9B14"),
            ("processor\t: 0\nmodel name\t: \n", nil), ("", nil), ("model name", nil), (":::\n: :", nil),
            // ARM: numbers only, one block a core; a phone's or a board's cores may be of two kinds.
            (arm("0x41", "0xd0c") + arm("0x41", "0xd0c"), "ARM Neoverse-N1"),
            (arm("0x41", "0xd05") + arm("0x41", "0xd0b"), "ARM Cortex-A55 + ARM Cortex-A76"),
            (arm("0x41", "0xfff"), "ARM core 0xfff"), (arm("0xc0", "0xac3"), "Ampere core 0xac3"),
            (arm("0x77", "0xd0c"), "designer 0x77 core 0xd0c"), ("CPU part\t: 0xd0c", nil),
            // POWER and RISC-V.
            ("processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 2166MHz", "POWER9, altivec supported"),
            ("hart\t: 1\nisa\t: rv64imafdc\nuarch\t: sifive,u74-mc\n", "sifive,u74-mc"),
        ] as [(String, String?)])
    func theProcessorsNameIsRead(words: String, name: String?) {
        #expect(ProcessorName(cpuInformation: words)?.text == name)
    }

    private static func arm(_ designer: String, _ part: String) -> String {
        "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: \(designer)\nCPU architecture: 8\n"
            + "CPU variant\t: 0x3\nCPU part\t: \(part)\nCPU revision\t: 1\n\n"
    }

    @Test func thisMachineHasProcessorsAndMemory() {
        #expect(Machine.current.processorCount > 0 && Machine.current.memory > 1 << 20)
    }
}
