import Foundation
import Glibc

/// A client that says exactly what it is told to, byte by byte, over a TCP connection to this machine.
///
/// Its calls block: use it inside ``talk(to:host:receiveBuffer:_:)``, which has a thread of its own. No call waits
/// longer than ``patience``, so that a test fails rather than hangs.
public final class RawClient {
    /// The longest that a call waits, in seconds.
    public static let patience = 480

    /// Why a conversation could not go on.
    public struct Failure: Error, CustomStringConvertible {
        /// What was tried, what the system said, and what had been received.
        public let description: String
    }

    /// The socket, or -1 after ``close()``.
    public private(set) var descriptor: Int32
    private var received: [UInt8] = []

    /// Connects to `host`, an address as digits.
    public init(port: UInt16, host: String = "127.0.0.1", receiveBuffer: Int32? = nil) throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let address = list else {
            throw Failure(description: "\(host) is not an address")
        }
        defer { freeaddrinfo(list) }
        descriptor = socket(
            address.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            let failure = failure("connect")
            close()
            throw failure
        }
    }

    deinit { close() }

    /// Runs a conversation on a thread of its own.
    public static func talk<Result: Sendable>(
        to port: UInt16, host: String = "127.0.0.1", receiveBuffer: Int32? = nil,
        _ body: @escaping @Sendable (RawClient) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: .init { try body(RawClient(port: port, host: host, receiveBuffer: receiveBuffer)) })
            }
        }
    }

    /// Sends bytes, all of them.
    public func send(_ bytes: some Sequence<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw failure("send") }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends pieces, each as a packet of its own, with a pause after each.
    public func send(pieces: some Sequence<some Sequence<UInt8>>, pause: Duration = .microseconds(200)) throws {
        for piece in pieces {
            try send(piece)
            self.pause(pause)
        }
    }

    /// Sends a text.
    public func send(_ text: String) throws { try send(text.utf8) }

    /// Sends a request with a JSON body, as a client on this machine would.
    ///
    /// - Parameter fields: further header fields, each with its line end.
    public func post(_ body: String, to path: String = "/v1/chat/completions", fields: String = "") throws {
        try send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Sends a request without a body, and reads the response.
    public func get(
        _ path: String, host: String = "localhost", fields: String = ""
    ) throws -> (header: String, body: String) {
        try send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
        return try readResponse()
    }

    /// Reads until `text` has come, and answers with everything up to its end. What follows stays for the next read.
    public func read(until text: String) throws -> String {
        var searched = 0
        while true {
            if let end = Self.end(of: Array(text.utf8), in: received, from: searched) { return take(end) }
            searched = max(received.count - text.utf8.count, 0)
            guard try receive() else { throw failure("read until \(text.debugDescription)") }
        }
    }

    /// Reads that many bytes.
    public func read(count: Int) throws -> String {
        while received.count < count {
            guard try receive() else { throw failure("read \(count) bytes") }
        }
        return take(count)
    }

    /// Reads until the server has closed or reset the connection, and answers with all that came before.
    public func readToEnd() throws -> String {
        while true {
            do {
                guard try receive() else { break }
            } catch  where errno == ECONNRESET {
                break
            }
        }
        return take(received.count)
    }

    /// Reads until the server has closed, and answers with how many bytes came.
    public func drop() throws -> Int {
        var total = received.count
        received = []
        while try receive() {
            total += received.count
            received.removeAll(keepingCapacity: true)
        }
        return total
    }

    /// Pauses, for what comes to pass in a moment.
    public func pause(_ duration: Duration) { usleep(UInt32(duration / .microseconds(1))) }

    /// Reads one response, whose body has a length or comes in chunks, and answers with its header and its body.
    public func readResponse() throws -> (header: String, body: String) {
        let header = try read(until: "\r\n\r\n")
        let lower = header.lowercased()
        if lower.contains("transfer-encoding: chunked") {
            var body = ""
            while true {
                let line = try String(read(until: "\r\n").unicodeScalars.dropLast(2))
                guard let count = Int(line, radix: 16) else { throw failure("chunk \(line)") }
                let chunk = try read(count: count)
                guard try read(count: 2) == "\r\n" else { throw failure("a chunk's end") }
                if count == 0 { return (header, body) }
                body += chunk
            }
        }
        guard let length = lower.range(of: "content-length: "),
            let count = Int(lower[length.upperBound...].prefix { $0.isNumber })
        else { throw failure("a body's length in \(header)") }
        return (header, try read(count: count))
    }

    /// Ends the sending half, as `nc -N` does.
    public func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection in the ordinary way.
    public func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Ends the connection with a reset.
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Adds what has come to `received`; false at the end.
    private func receive() throws -> Bool {
        let count = try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { space in
            let count = recv(descriptor, space.baseAddress, space.count, 0)
            if count < 0 { throw failure("receive") }
            received += space.prefix(count)
            return count
        }
        return count > 0
    }

    private func take(_ count: Int) -> String {
        defer { received.removeFirst(count) }
        return String(decoding: received.prefix(count), as: UTF8.self)
    }

    private func failure(_ what: String) -> Failure {
        let cause = String(cString: strerror(errno))
        return Failure(
            description: "\(what): \(cause); received: \(String(decoding: received.suffix(2000), as: UTF8.self))")
    }

    /// Where `pattern` ends in `bytes`, searched from `start`.
    private static func end(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= start + pattern.count else { return nil }
        for place in start...(bytes.count - pattern.count) where bytes[place...].starts(with: pattern) {
            return place + pattern.count
        }
        return nil
    }
}
