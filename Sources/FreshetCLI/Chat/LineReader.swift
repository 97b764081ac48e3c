import Glibc

/// Where the chat's lines come from: a person at a terminal, with a prompt and editing, or a pipe, with neither.
final class LineReader {
    /// What came.
    enum Line: Equatable {
        /// A line, without its end.
        case line(String)
        /// Ctrl-C: what was typed so far is to be forgotten.
        case interrupted
        /// The end of input.
        case end
    }

    /// Whether a person types the lines.
    let isInteractive: Bool
    private let console: Console
    private let editor: LineEditor?
    /// What was read from a pipe and not yet taken.
    private var waiting: [UInt8] = []
    /// The bytes taken so far, for the place of one that is not UTF-8.
    private var offset = 0
    private var isAtEnd = false

    /// A reader of standard input.
    init(console: Console) {
        self.console = console
        isInteractive = console.input.isTerminal
        editor = LineEditor(console: console)
    }

    /// Reads what is said in one go: a line, and with it the next ones as long as it ends in a backslash.
    ///
    /// - Throws: ``Exit`` when the input cannot be read, is not UTF-8, or a signal ends the program.
    func readTurn() throws(Exit) -> Line {
        var text = ""
        while true {
            switch try readLine(prompt: text.isEmpty ? "> " : ". ") {
            case .line(let line):
                if line.hasSuffix("\\") {
                    text += line.dropLast() + "\n"
                    continue
                }
                text += line
                if !text.trimmed.isEmpty { editor?.remember(text.replacingLineEnds) }
                return .line(text)
            case .interrupted: return .interrupted
            case .end: return text.isEmpty ? .end : .line(text)
            }
        }
    }

    private func readLine(prompt: String) throws(Exit) -> Line {
        // An interrupt that came after the last answer's end has nothing to stop.
        if isInteractive { console.signals.clearInterrupt() }
        let line = if let editor { editor.read(prompt: prompt) } else { try plainLine() }
        if line == .interrupted {
            if let signal = console.signals.received, signal != SIGINT { throw .interrupted(by: signal) }
            console.signals.clearInterrupt()
            console.note("")
        }
        return line
    }

    /// The next line of a pipe, a file, or a terminal that cannot be drawn on.
    private func plainLine() throws(Exit) -> Line {
        while true {
            if let end = waiting.firstIndex(of: UInt8(ascii: "\n")) { return .line(try take(end, lineEnd: 1)) }
            if isAtEnd { return waiting.isEmpty ? .end : .line(try take(waiting.count, lineEnd: 0)) }
            do throws(Exit) {
                _ = try console.input.waitForInput()
            } catch {
                guard isInteractive, console.signals.received == SIGINT else { throw error }
                return .interrupted
            }
            isAtEnd = try !console.input.readSome(into: &waiting)
            guard waiting.count <= Input.limit else {
                throw .failed("A line on standard input is longer than \(Input.limit >> 20) MiB.")
            }
        }
    }

    private func take(_ count: Int, lineEnd: Int) throws(Exit) -> String {
        let text = try Input.text(of: Array(waiting[..<count]), from: console.input.name, startingAt: offset)
        waiting.removeFirst(count + lineEnd)
        offset += count + lineEnd
        return text.hasSuffix("\r") ? String(text.dropLast()) : text
    }
}

extension String {
    /// The text on one line, as the history keeps it.
    fileprivate var replacingLineEnds: String { String(map { $0.isNewline ? " " : $0 }) }
}
