import Foundation
import Testing

@testable import FreshetCLI

/// The bar for work that takes a while.
struct ProgressBarTests {
    @Test(arguments: [(0, 40), (50, 60), (100, 80), (7, 20), (100, 3), (5, 0)])
    func theBarFitsTheTerminal(percent: Int, width: Int) {
        let line = ProgressBar.line("Loading", percent: percent, width: width)
        #expect(line.count < max(1, width) || line.isEmpty)
        if width >= 20 { #expect(line.hasSuffix("\(percent)%")) }
    }

    /// What is being done stands behind the bar, as far as there is room.
    @Test(arguments: [0, 3, 20, 40, 60, 80, 200]) func aNoteFitsToo(width: Int) {
        let note = "first token 512, about 12 s left"
        let line = ProgressBar.line("Measuring", percent: 7, note: note, width: width)
        #expect(line.count < max(1, width) || line.isEmpty)
        if width >= 80 { #expect(line.hasSuffix("░   7%  " + note)) }
    }

    @Test func aTerminalThatTakesNothingHoldsNobodyUp() throws {
        let terminal = PseudoTerminal()
        defer {
            close(terminal.mine)
            close(terminal.theirs)
        }
        // As after Ctrl-S.
        try #require(tcflow(terminal.theirs, TCOOFF) == 0)
        let signals = Signals()
        let bar = ProgressBar(
            "Loading", on: Output(descriptor: terminal.theirs, signals: signals), patience: .zero)
        let isShown = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            bar.show(0.5)
            isShown.signal()
        }
        // Only a bar that hangs is waited for so long.
        #expect(isShown.wait(timeout: .now() + .seconds(FreshetProcess.patience)) == .success)
        // The end waits for room, until a signal comes.
        _ = signals.receive(SIGINT)
        bar.finish()
    }

    @Test func nothingIsDrawnAfterTheEnd() throws {
        let terminal = PseudoTerminal()
        defer {
            close(terminal.mine)
            close(terminal.theirs)
        }
        let errors = Output(descriptor: terminal.theirs, signals: Signals())
        let bar = ProgressBar("Loading", on: errors, patience: .zero)
        bar.show(0.5)
        bar.finish()
        bar.show(0.75)
        try errors.write("end")
        // A terminal hands on what it was given in pieces.
        var text: [UInt8] = []
        while text.suffix(3) != Array("end".utf8)[...] {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(terminal.mine, &bytes, bytes.count)
            try #require(count > 0)
            text += bytes.prefix(count)
        }
        let drawn = String(decoding: text, as: UTF8.self)
        #expect(drawn.contains(" 50%") && drawn.hasSuffix("\r\u{1B}[Kend") && !drawn.contains("75%"))
    }
}
