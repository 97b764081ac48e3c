import Testing

@testable import FreshetBench

/// What is read of the machine.
struct MachineTests {
    @Test(
        arguments: [
            ("processor\t: 0\nmodel name\t: AMD EPYC: 9B14\nmodel name\t: other", "AMD EPYC: 9B14"),
            ("processor\t: 0\nmodel name\t: \n", nil), ("", nil),
        ] as [(String, String?)])
    func theProcessorsNameIsRead(words: String, name: String?) { #expect(Machine.processor(in: words) == name) }

    @Test func thisMachineHasProcessorsAndMemory() {
        #expect(Machine.current.processorCount > 0 && Machine.current.memory > 1 << 20)
    }
}
