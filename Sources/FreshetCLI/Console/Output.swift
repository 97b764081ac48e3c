import Glibc

/// A descriptor to write to. Everything written is handed to the system before the call returns.
struct Output: Sendable {
    /// The descriptor.
    let descriptor: Int32
    /// What ends a wait for a reader that does not read.
    let signals: Signals

    /// Whether a person is likely to look at it.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Columns of the terminal; 80 where there is none.
    var width: Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether colours are welcome: on a terminal that can show them, unless NO_COLOR is set.
    var hasColour: Bool {
        guard isTerminal else { return false }
        let isRefused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        return !isRefused && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    /// Writes text as it is.
    func write(_ text: String) throws(Exit) { try write(Array(text.utf8)) }

    /// Writes bytes, as many calls as it takes.
    ///
    /// It waits in `poll`, never in `write`, and writes no more than a pipe surely takes, so that a signal ends the
    /// wait for a reader that does not read, and a non-blocking descriptor is no special case.
    ///
    /// - Throws: ``Exit`` when the reader is gone, a signal came during the wait, or the system refuses.
    func write(_ bytes: [UInt8]) throws(Exit) {
        // Room in a pipe's reading end would be waited for for ever.
        guard fcntl(descriptor, F_GETFL) & O_ACCMODE != O_RDONLY else {
            throw .failed("Cannot write to standard output", errno: EBADF)
        }
        var start = 0
        while start < bytes.count {
            try waitForRoom()
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + start }, min(Int(PIPE_BUF), bytes.count - start))
            }
            if count >= 0 {
                start += count
            } else if errno == EPIPE {
                throw .outputClosed
            } else if errno != EINTR, errno != EAGAIN {
                throw .failed("Cannot write to standard output", errno: errno)
            }
        }
    }

    /// Writes a few characters if there is room for them now; without room, or when it fails, they are left out.
    func writeIfReady(_ text: String) {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&wait, 1, 0) == 1 else { return }
        let bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, bytes, min(Int(PIPE_BUF), bytes.count))
    }

    private func waitForRoom() throws(Exit) {
        var waits = [
            pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: signals.wake, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let ready = poll(&waits, 2, -1)
            // Room, or an error that write will name.
            if ready > 0, waits[0].revents != 0 { return }
            if let signal = signals.received { throw .interrupted(by: signal) }
            // A poll that fails for another reason than a signal leaves the matter to write.
            if ready < 0, errno != EINTR { return }
        }
    }
}
