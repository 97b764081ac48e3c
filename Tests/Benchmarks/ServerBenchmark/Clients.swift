import FreshetTestSupport
import Glibc

/// Clients that read what comes, on one thread.
enum Clients {
    /// Asks for `count` streams and reads them all to their ends.
    static func run(port: UInt16, count: Int) throws {
        let clients = try (0..<count).map { _ in
            let client = try RawClient(port: port)
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client
        }
        var polled = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        // Their sockets are closed with them.
        withExtendedLifetime(clients) { readAll(&polled) }
    }

    private static func readAll(_ polled: inout [pollfd]) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var open = polled.count
        while open > 0 && poll(&polled, nfds_t(polled.count), -1) > 0 {
            for index in polled.indices where polled[index].revents != 0 {
                if recv(polled[index].fd, &buffer, buffer.count, 0) > 0 { continue }
                polled[index].fd = -1
                open -= 1
            }
        }
    }
}
