internal import CLlama
internal import Freshet

/// Where llama.cpp's log lines go, and with them what the engine has to tell nobody in particular. Without a receiver
/// they are dropped; they never reach the terminal by themselves.
public enum LlamaLog {
    /// How serious a line is.
    public enum Level: Int32, Sendable, Comparable {
        /// Of use to llama.cpp's own developers.
        case debug = 1
        /// What was found and chosen.
        case info
        /// Something unexpected that was worked around.
        case warning
        /// Something that failed.
        case error

        /// Whether one line is less serious than another.
        public static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
    }

    /// One line, without its line end.
    public struct Line: Sendable, Hashable {
        /// How serious it is.
        public var level: Level
        /// What it says.
        public var text: String

        /// Makes a line.
        public init(level: Level, text: String) {
            self.level = level
            self.text = text
        }
    }

    /// Sends lines to `receiver` from now on, from whatever thread is at work; `nil` drops them.
    ///
    /// llama.cpp has one log for the process, so there is one receiver.
    public static func send(to receiver: (@Sendable (Line) -> Void)?) {
        current.replace(with: receiver)
        guard receiver != nil else { return freshet_set_log(nil, nil) }
        freshet_set_log(
            { level, text, length, _ in
                let bytes = UnsafeRawBufferPointer(start: text, count: length)
                LlamaLog.current.receive(
                    Line(level: Level(rawValue: level) ?? .info, text: String(decoding: bytes, as: UTF8.self)))
            }, nil)
    }

    /// Sends a line of our own.
    static func write(_ line: Line) { current.receive(line) }

    private static let current = Receiver()

    /// The process's receiver, which threads of llama.cpp call while another may replace it.
    private final class Receiver: @unchecked Sendable {
        // Sendable: `closure` is read and written under `monitor` only.
        private let monitor = Monitor()
        private var closure: (@Sendable (Line) -> Void)?

        func replace(with closure: (@Sendable (Line) -> Void)?) { monitor.withLock { self.closure = closure } }

        func receive(_ line: Line) { monitor.withLock { closure }?(line) }
    }
}
