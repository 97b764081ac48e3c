import Freshet
import Glibc

/// A server on 127.0.0.1 that misbehaves on order: it plays a script on each connection and records what it was asked.
///
/// ```swift
/// let server = try LoopbackServer { _ in [.readRequest, .send("HTTP/1.1 200 OK\r\n\r\nhalf"), .reset] }
/// ```
///
/// Every connection has a thread of its own. Dropping the server closes everything.
public final class LoopbackServer: Sendable {
    /// One thing that the server does on a connection. When the script is over, the connection is closed.
    public enum Step: Sendable {
        /// Reads one request, with the body that its `Content-Length` tells, and records it.
        case readRequest
        /// Sends bytes, in one piece.
        case send([UInt8])
        /// Sends bytes in packets of a few, with a moment between them.
        case trickle([UInt8], packet: Int)
        /// Waits until the server has read so many requests, on all connections together.
        case waitForRequests(Int)
        /// Does nothing for a while.
        case pause(Duration)
        /// Sends as much of `byte` as the client takes, up to `count`.
        case flood(UInt8, count: Int)
        /// Does nothing and reads nothing until the client leaves or the server is dropped.
        case stall
        /// Closes the connection with a reset.
        case reset
        /// Begins the script anew, unless the client has left.
        case again

        /// Sends text, in one piece.
        public static func send(_ text: String) -> Step { .send(Array(text.utf8)) }
    }

    /// A request that the server has read.
    public struct Request: Sendable {
        /// The number of the connection on which it came, from 0.
        public var connection: Int
        /// Its head, line ends included.
        public var head: String
        /// Its body.
        public var body: [UInt8]

        /// The value of a header; `nil` when there is none.
        public func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                    continue
                }
                return String(line[colon...].dropFirst().drop { $0 == " " })
            }
            return nil
        }
    }

    /// The server could not be set up.
    public struct Unavailable: Error {}

    /// The port that it listens on.
    public let port: UInt16
    private let listener: Int32
    private let record = Record()

    /// A whole answer with its length.
    public static func response(
        _ status: String = "200 OK", headers: [String] = ["Content-Type: text/event-stream"], body: String
    ) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status)"] + headers + ["Content-Length: \(body.utf8.count)"]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// One chunk of a body in chunked coding; an empty one is the end of the body.
    public static func chunk(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + Array("\r\n".utf8)
    }

    /// The head of an answer whose body is in chunked coding.
    public static func chunkedHead(contentType: String = "text/event-stream") -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: \(contentType)\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    }

    /// Starts a server.
    ///
    /// - Parameter script: what to do on a connection, by its number from 0.
    public init(script: @escaping @Sendable (Int) -> [Step]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else {
            close(listener)
            throw Unavailable()
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let record = record
        try DedicatedThread.start(named: "loopback") {
            while let connection = record.open(accept(listener, nil, nil)) {
                let steps = script(connection.number)
                do {
                    try DedicatedThread.start(named: "loopback-peer") { connection.play(steps) }
                } catch {
                    connection.end()
                }
            }
            close(listener)
        }
    }

    deinit {
        // Ends `accept`, whose thread closes the descriptor.
        shutdown(listener, Int32(SHUT_RDWR))
        record.close()
    }

    /// The server's address as a URL without a path.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The requests read so far.
    public var requests: [Request] { record.requests }
    /// The connections made so far.
    public var connectionCount: Int { record.connectionCount }
    /// The connections that the client has not left and the server has not closed.
    public var openConnectionCount: Int { record.openCount }
    /// The bytes that clients, or the kernel for them, have taken so far.
    public var sentByteCount: Int { record.sentByteCount }

    /// Waits until something is so, as long as it takes: a test that hangs is stopped by its time limit.
    public func wait(until condition: @Sendable (LoopbackServer) -> Bool) async throws {
        while !condition(self) { try await Task.sleep(for: .milliseconds(2)) }
    }
}
