import CTerminal
import Glibc

/// Reads lines from a terminal, with editing and history.
///
/// Owns libedit's editor. It draws on standard error, or on standard output where that is the terminal. Use it from one
/// thread.
final class LineEditor {
    private let editor: OpaquePointer
    private let hasColour: Bool
    private let historyPath: String?

    /// Opens an editor on the console's terminal; `nil` when there is none to read from or to draw on.
    init?(console: Console) {
        let screens = [console.errors, console.output]
        guard console.input.isTerminal, let screen = screens.first(where: \.isTerminal),
            let editor = freshet_edit_open(console.input.descriptor, screen.descriptor, console.signals.wake)
        else { return nil }
        self.editor = editor
        hasColour = screen.hasColour
        historyPath = Self.historyPath { name in getenv(name).flatMap { String(validatingCString: $0) } }
        if let historyPath { freshet_edit_load_history(editor, historyPath) }
    }

    deinit { freshet_edit_close(editor) }

    /// Shows a prompt and waits for a line.
    func read(prompt: String) -> LineReader.Line {
        var text: UnsafePointer<CChar>?
        let shown = hasColour ? "\u{1}\u{1B}[1;32m\u{1}\(prompt)\u{1}\u{1B}[0m\u{1}" : prompt
        switch Int(freshet_edit_read(editor, shown, &text)) {
        case FRESHET_EDIT_LINE: return .line(text.map { String(cString: $0) } ?? "")
        case FRESHET_EDIT_INTERRUPTED: return .interrupted
        default: return .end
        }
    }

    /// Adds a line to the history and to its file. A history that cannot be written is no reason to disturb a chat.
    func remember(_ line: String) {
        freshet_edit_remember(editor, line)
        guard let historyPath else { return }
        Self.makeFolder(for: historyPath)
        freshet_edit_save_history(editor, historyPath)
    }

    /// Where the history is kept: below `XDG_STATE_HOME`, which is `~/.local/state` when it is not set.
    static func historyPath(environment: (String) -> String?) -> String? {
        if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/freshet/history" }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return home + "/.local/state/freshet/history"
    }

    private static func makeFolder(for path: String) {
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += "/" + part
            mkdir(folder, 0o700)
        }
    }
}
