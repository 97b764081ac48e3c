import Glibc

/// Where the program meets the person: the three standard streams, and the signals.
///
/// The answer goes to ``output``; everything else goes to ``errors``.
struct Console: Sendable {
    /// Standard input.
    let input: Input
    /// Standard output.
    let output: Output
    /// Standard error.
    let errors: Output
    /// The signals.
    let signals: Signals

    /// The process's own streams, or others for a test.
    init(input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO, errors: Int32 = STDERR_FILENO, signals: Signals) {
        self.input = Input(descriptor: input, name: "standard input", signals: signals)
        self.output = Output(descriptor: output, signals: signals)
        self.errors = Output(descriptor: errors, signals: signals)
        self.signals = signals
    }

    /// Fills the places of standard streams that the caller has closed, so that a file opened later is not taken for
    /// one of them. What fills standard input is empty; what fills the others refuses writing, as a closed stream does.
    static func fillClosedStreams() {
        for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) < 0 {
            // The lowest free number is the closed one.
            _ = open("/dev/null", O_RDONLY)
        }
    }

    /// Tells the person something, on a line of its own on standard error. Nothing can be done when that fails.
    func note(_ text: String) { try? errors.write(text.printable + "\n") }

    /// Tells the person, on one line, what went wrong.
    func complain(_ message: String) {
        let label = errors.hasColour ? "\u{1B}[31mfreshet:\u{1B}[0m" : "freshet:"
        try? errors.write("\(label) \(message.printableLine)\n")
    }
}
