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

    /// With the wait that there was, `show` would never return here.
    @Test(.timeLimit(.minutes(1))) func aTerminalThatTakesNothingHoldsNobodyUp() throws {
        let terminal = PseudoTerminal()
        defer {
            close(terminal.mine)
            close(terminal.theirs)
        }
        let flags = fcntl(terminal.theirs, F_GETFL)
        _ = fcntl(terminal.theirs, F_SETFL, flags | O_NONBLOCK)
        let bytes = [UInt8](repeating: 0x78, count: 4096)
        while write(terminal.theirs, bytes, bytes.count) > 0 {}
        _ = fcntl(terminal.theirs, F_SETFL, flags)
        let signals = Signals()
        let bar = ProgressBar(
            "Loading", on: Output(descriptor: terminal.theirs, signals: signals), patience: .zero)
        bar.show(0.5)
        // The end waits for room, until a signal comes.
        _ = signals.receive(SIGINT)
        bar.finish()
        bar.show(1)
        #expect(signals.received == SIGINT)
    }

    @Test func nothingIsDrawnAfterTheEnd() throws {
        let terminal = PseudoTerminal()
        defer {
            close(terminal.mine)
            close(terminal.theirs)
        }
        let bar = ProgressBar(
            "Loading", on: Output(descriptor: terminal.theirs, signals: Signals()), patience: .zero)
        bar.show(0.5)
        bar.finish()
        bar.show(0.75)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(terminal.mine, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        #expect(text.contains(" 50%") && text.hasSuffix("\r\u{1B}[K") && !text.contains("75%"))
    }
}
