import Freshet
import Glibc

extension LoopbackServer {
    /// What the server's threads share.
    final class Record: @unchecked Sendable {
        // Sendable: every stored variable is read and written under `monitor` only.
        private let monitor = Monitor()
        private var isClosed = false
        private var open: [Int: Int32] = [:]
        private var count = 0
        private var sent = 0
        private var read: [Request] = []

        var requests: [Request] { monitor.withLock { read } }
        var connectionCount: Int { monitor.withLock { count } }
        var openCount: Int { monitor.withLock { open.count } }
        var sentByteCount: Int { monitor.withLock { sent } }

        func note(_ request: Request) {
            monitor.withLock {
                read.append(request)
                monitor.signal()
            }
        }

        /// Waits for requests; false when the server is dropped before.
        func waitForRequests(_ count: Int) -> Bool {
            monitor.withLock {
                while read.count < count && !isClosed { monitor.wait() }
                // One is woken at a time, and wakes the next.
                monitor.signal()
                return !isClosed
            }
        }

        func note(sent bytes: Int) { monitor.withLock { sent += bytes } }

        /// Notes a new connection; `nil` when there will be no more.
        func open(_ descriptor: Int32) -> Connection? {
            guard descriptor >= 0 else { return nil }
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            let number: Int? = monitor.withLock {
                guard !isClosed else { return nil }
                defer { count += 1 }
                open[count] = descriptor
                return count
            }
            if let number { return Connection(number: number, descriptor: descriptor, record: self) }
            Glibc.close(descriptor)
            return nil
        }

        /// Closes a connection, in the record and in fact, so that nobody uses a descriptor that is another's by now.
        func close(_ number: Int, isReset: Bool) {
            monitor.withLock {
                guard let descriptor = open.removeValue(forKey: number) else { return }
                if isReset {
                    var linger = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
                }
                Glibc.close(descriptor)
            }
        }

        /// Makes every connection's thread come to its end.
        func close() {
            monitor.withLock {
                isClosed = true
                monitor.signal()
                for descriptor in open.values { shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
        }
    }

    /// One connection and the thread that plays its script.
    struct Connection: Sendable {
        let number: Int
        let descriptor: Int32
        let record: Record

        /// Plays a script, then closes the connection.
        func play(_ steps: [Step]) {
            var unread: [UInt8] = []
            var place = 0
            while place < steps.count {
                var isOpen = true
                switch steps[place] {
                case .readRequest: isOpen = readRequest(&unread)
                case .send(let bytes): isOpen = send(bytes)
                case .trickle(let bytes, let packet):
                    for start in stride(from: 0, to: bytes.count, by: packet) where isOpen {
                        isOpen = send(bytes[start..<min(start + packet, bytes.count)])
                        usleep(300)
                    }
                case .waitForRequests(let count): isOpen = record.waitForRequests(count)
                case .pause(let duration): usleep(UInt32(duration / .microseconds(1)))
                case .flood(let byte, let count):
                    let block = [UInt8](repeating: byte, count: 64 << 10)
                    for start in stride(from: 0, to: count, by: block.count) where isOpen {
                        isOpen = send(block[..<min(block.count, count - start)])
                    }
                case .stall: waitForLeaving()
                case .reset: return record.close(number, isReset: true)
                case .again:
                    place = -1
                }
                guard isOpen else { break }
                place += 1
            }
            end()
        }

        /// Closes the connection.
        func end() { record.close(number, isReset: false) }

        private func send(_ bytes: some Collection<UInt8>) -> Bool {
            let bytes = Array(bytes)
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
                record.note(sent: count)
            }
            return true
        }

        /// Reads a request; what comes after it stays in `unread`.
        private func readRequest(_ unread: inout [UInt8]) -> Bool {
            let blankLine = Array("\r\n\r\n".utf8)
            var bodyStart: Int?
            var length = 0
            while true {
                if bodyStart == nil,
                    let end = unread.indices.first(where: { unread[$0...].starts(with: blankLine) })
                {
                    let head = String(decoding: unread[..<end], as: UTF8.self)
                    length =
                        Request(connection: number, head: head, body: []).header("Content-Length").flatMap { Int($0) }
                        ?? 0
                    bodyStart = end + blankLine.count
                }
                if let bodyStart, unread.count >= bodyStart + length {
                    let head = String(decoding: unread[..<bodyStart], as: UTF8.self)
                    let body = Array(unread[bodyStart..<bodyStart + length])
                    record.note(Request(connection: number, head: head, body: body))
                    unread.removeFirst(bodyStart + length)
                    return true
                }
                var buffer = [UInt8](repeating: 0, count: 64 << 10)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return false }
                unread += buffer[..<count]
            }
        }

        /// Linux's POLLRDHUP, which Glibc's Swift module lacks.
        private static let leaving: Int16 = 0x2000

        private func waitForLeaving() {
            var watched = pollfd(fd: descriptor, events: Self.leaving, revents: 0)
            while poll(&watched, 1, -1) < 0 && errno == EINTR {}
        }
    }
}
