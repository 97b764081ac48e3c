import Freshet
import Glibc

/// The program's early end: a status, and what to tell the person.
struct Exit: Error, Equatable {
    /// The exit status.
    var status: Int32
    /// One sentence for standard error; `nil` ends quietly.
    var message: String?

    /// Something could not be done.
    static func failed(_ message: String) -> Exit { Exit(status: 1, message: message) }

    /// A signal asked for the end.
    static func interrupted(by signal: Int32) -> Exit { Exit(status: Signals.status(for: signal), message: nil) }

    /// Nobody reads standard output any more, as in `freshet generate | head -1`. Quiet, and with the status that a
    /// program which such a pipe kills would have in the shell.
    static let outputClosed = Exit(status: Signals.status(for: SIGPIPE), message: nil)

    /// The sentence of a failed system call.
    static func failed(_ action: String, errno code: Int32) -> Exit {
        .failed("\(action): \(String(cString: strerror(code))).")
    }
}

extension Exit {
    /// How the program ends after an error.
    ///
    /// - Parameter signal: the signal that has come, if one has: a cancelled stream was then not a failure.
    init(_ error: any Error, signal: Int32?) {
        switch error {
        case let exit as Exit:
            self = exit
        case let error as UsageError:
            self = Exit(status: 2, message: error.message)
        case let error as GenerationError:
            if error.code == .cancelled, let signal {
                self = .interrupted(by: signal)
            } else {
                // An option's value that is out of range has a name; what a model refuses has none.
                let isUsage = error.code == .invalidRequest && error.parameter != nil
                self = Exit(status: isUsage ? 2 : 1, message: error.message)
            }
        default:
            if let signal, error is CancellationError {
                self = .interrupted(by: signal)
            } else {
                self = .failed("\(error)")
            }
        }
    }
}
