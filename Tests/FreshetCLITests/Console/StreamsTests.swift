import Foundation
import Testing

@testable import FreshetCLI

/// Input and output against real pipes.
struct StreamsTests {
    /// A pipe that is closed with its owner.
    private final class Pipe {
        private(set) var reader: Int32
        private(set) var writer: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        deinit {
            closeReader()
            closeWriter()
        }

        func closeReader() {
            if reader >= 0 { close(reader) }
            reader = -1
        }

        func closeWriter() {
            if writer >= 0 { close(writer) }
            writer = -1
        }

        func fill() {
            _ = fcntl(writer, F_SETFL, O_NONBLOCK)
            let bytes = [UInt8](repeating: 0, count: 4096)
            while write(writer, bytes, bytes.count) > 0 {}
        }

        func put(_ bytes: [UInt8]) { _ = write(writer, bytes, bytes.count) }

        func take() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = read(reader, &bytes, bytes.count)
            return Array(bytes.prefix(max(0, count)))
        }
    }

    init() { signal(SIGPIPE, SIG_IGN) }

    @Test func whatIsWrittenComesOut() throws {
        let pipe = try Pipe()
        let output = Output(descriptor: pipe.writer, signals: Signals())
        try output.write("é\n")
        #expect(pipe.take() == Array("é\n".utf8))
        #expect(!output.isTerminal && !output.hasColour && output.width == 80)
    }

    @Test func aReaderThatLeftEndsTheProgramQuietly() throws {
        let pipe = try Pipe()
        pipe.closeReader()
        #expect(throws: Exit(status: 141, message: nil)) {
            try Output(descriptor: pipe.writer, signals: Signals()).write("x")
        }
    }

    @Test func aDescriptorThatIsNoOutputIsNamed() throws {
        let pipe = try Pipe()
        let error = #expect(throws: Exit.self) { try Output(descriptor: pipe.reader, signals: Signals()).write("x") }
        #expect(error == .failed("Cannot write to standard output: Bad file descriptor."))
    }

    @Test func aFullNonBlockingPipeIsWaitedFor() throws {
        let pipe = try Pipe()
        pipe.fill()
        let output = Output(descriptor: pipe.writer, signals: Signals())
        let text = [UInt8](repeating: 0x78, count: 200_000)
        // A thread of its own: both ends block.
        Thread.detachNewThread { try? output.write(text) }
        var read = 0
        // What fill wrote is zeros; the text is all x.
        while read < text.count { read += pipe.take().count { $0 == 0x78 } }
        #expect(read == text.count)
    }

    @Test func aSignalEndsTheWaitForAReaderThatDoesNotRead() throws {
        let pipe = try Pipe()
        pipe.fill()
        let signals = Signals()
        let endsProgram = signals.receive(SIGINT)
        #expect(endsProgram)
        let output = Output(descriptor: pipe.writer, signals: signals)
        #expect(throws: Exit(status: 130, message: nil)) { try output.write("x") }
    }

    @Test func aSignalEndsTheWaitForInput() throws {
        let pipe = try Pipe()
        let signals = Signals()
        signals.spareProgram()
        let endsProgram = signals.receive(SIGINT)
        #expect(!endsProgram)
        let input = Input(descriptor: pipe.reader, name: "standard input", signals: signals)
        #expect(throws: Exit(status: 130, message: nil)) { try input.readText() }
        signals.clearInterrupt()
        #expect(signals.received == nil)
        pipe.closeWriter()
        #expect(try input.readText() == "")
    }

    @Test(arguments: ["", "text", "two\nlines\n", "é😀"])
    func textIsReadToItsEnd(text: String) throws {
        let pipe = try Pipe()
        pipe.put(Array(text.utf8))
        pipe.closeWriter()
        #expect(try Input(descriptor: pipe.reader, name: "standard input", signals: Signals()).readText() == text)
    }

    @Test(
        arguments: [
            ([0xFF], "Standard input is not UTF-8 text: byte 0, 0xFF, is no part of a character."),
            ([0x61, 0xC3, 0x28], "Standard input is not UTF-8 text: byte 1, 0xC3, is no part of a character."),
            ([0x61, 0x62, 0xE2, 0x82], "Standard input is not UTF-8 text: byte 2, 0xE2, is no part of a character."),
            ([0xED, 0xA0, 0x80], "Standard input is not UTF-8 text: byte 0, 0xED, is no part of a character."),
        ] as [([UInt8], String)])
    func whatIsNotUTF8IsRefusedWithItsPlace(bytes: [UInt8], sentence: String) throws {
        #expect(throws: Exit.failed(sentence)) { try Input.text(of: bytes, from: "standard input") }
    }

    @Test(arguments: [("/proc/nonexistent/x", "No such file"), ("/", "Is a directory")])
    func aFileThatCannotBeReadIsNamed(path: String, reason: String) {
        let error = #expect(throws: Exit.self) { try Input.readText(file: path, signals: Signals()) }
        #expect(error?.message?.contains("“\(path)”") == true && error?.message?.contains(reason) == true)
    }

    @Test func anEndlessFileIsRefused() {
        let error = #expect(throws: Exit.self) { try Input.readText(file: "/dev/zero", signals: Signals()) }
        #expect(error == .failed("“/dev/zero” is longer than 64 MiB."))
    }

    @Test func linesOfAPipeAreTurns() throws {
        let (input, errors) = (try Pipe(), try Pipe())
        input.put(Array("one\r\ntwo \\\nthree\n\nfour".utf8))
        input.closeWriter()
        let reader = LineReader(console: Console(input: input.reader, errors: errors.writer, signals: Signals()))
        #expect(!reader.isInteractive)
        for line in ["one", "two \nthree", "", "four"] { #expect(try reader.readTurn() == .line(line)) }
        #expect(try reader.readTurn() == .end)
        #expect(try reader.readTurn() == .end)
    }

    @Test func aLineThatIsNotUTF8IsRefusedWithItsPlaceInTheWhole() throws {
        let input = try Pipe()
        input.put(Array("good\nb".utf8) + [0xFF, 0x0A])
        let reader = LineReader(console: Console(input: input.reader, signals: Signals()))
        #expect(try reader.readTurn() == .line("good"))
        #expect(throws: Exit.failed("Standard input is not UTF-8 text: byte 6, 0xFF, is no part of a character.")) {
            try reader.readTurn()
        }
    }
}
