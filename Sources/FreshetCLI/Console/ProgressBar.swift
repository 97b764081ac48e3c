import Freshet

/// A bar on standard error for work that takes a while; nothing when that is no terminal.
///
/// It appears only when the work is not done after a moment, and is gone when the work is.
final class ProgressBar: @unchecked Sendable {
    // Sendable: what changes is read and written under `monitor`. Drawing happens there too, so that nothing is drawn
    // after the end, but never waits: the thread that ends the bar must not wait for a terminal that another waits for.
    private let errors: Output
    private let label: String
    private let start = ContinuousClock.now
    private let monitor = Monitor()
    private var drawn: String?
    private var isFinished = false

    private let patience: Duration

    /// Work shorter than this shows no bar, unless another time is given.
    static let patience = Duration.milliseconds(300)

    /// Makes a bar that is not yet visible.
    init(_ label: String, on errors: Output, patience: Duration = patience) {
        self.patience = patience
        self.label = label
        self.errors = errors
    }

    /// Shows how much is done, from 0 to 1, and what is being done. May be called from any thread, as often as one
    /// likes.
    func show(_ fraction: Double, note: String = "") {
        guard errors.isTerminal, ContinuousClock.now - start >= patience else { return }
        let percent = Int((min(max(fraction, 0), 1) * 100).rounded(.down))
        let line = Self.line(label, percent: percent, note: note, width: errors.width)
        monitor.withLock {
            guard !isFinished, drawn != line else { return }
            drawn = line
            errors.writeIfReady("\r" + line + "\u{1B}[K")
        }
    }

    /// Removes the bar.
    func finish() {
        let wasDrawn = monitor.withLock {
            isFinished = true
            defer { drawn = nil }
            return drawn != nil
        }
        // A signal ends the wait for a terminal that takes nothing.
        if wasDrawn { try? errors.write("\r\u{1B}[K") }
    }

    /// The bar as text of at most `width` - 1 columns, and behind it as much of the note as there is room for.
    static func line(_ label: String, percent: Int, note: String = "", width: Int) -> String {
        let number = String(repeating: " ", count: 3 - min(3, String(percent).count)) + "\(percent)%"
        let reserved = note.isEmpty ? 0 : min(note.count, width / 2) + 2
        let room = min(40, width - label.count - number.count - 6 - reserved)
        guard room >= 5 else { return String("\(label) \(number)".prefix(max(0, width - 1))) }
        let full = room * percent / 100
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: room - full)
        let line = "\(label) \(bar) \(number)"
        return note.isEmpty ? line : String("\(line)  \(note)".prefix(width - 1))
    }
}
