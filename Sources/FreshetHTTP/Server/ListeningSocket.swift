internal import Freshet
internal import Glibc

/// A socket that listens for connections. Its owner closes it by dropping it.
final class ListeningSocket: Sendable {
    /// The descriptor.
    let descriptor: Int32
    /// The address that it is bound to, as digits.
    let address: String
    /// The port that it is bound to.
    let port: UInt16

    /// Listens on a host's address and a port, 0 for any.
    ///
    /// - Throws: ``GenerationError`` that says why that is not possible.
    init(host: String, port: UInt16) throws(GenerationError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        // Brackets, as in a URL, are taken too.
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard !name.isEmpty, getaddrinfo(name, String(port), &hints, &list) == 0, let list else {
            throw GenerationError(.invalidRequest, "There is no address \"\(host)\" to listen on.", parameter: "host")
        }
        defer { freeaddrinfo(list) }
        let addresses = Array(sequence(first: list) { $0.pointee.ai_next })
        // Clients that know one kind only know IPv4.
        let ordered =
            addresses.filter { $0.pointee.ai_family == AF_INET } + addresses.filter { $0.pointee.ai_family != AF_INET }
        var failure: Int32 = 0
        for entry in ordered {
            let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            let candidate = socket(entry.pointee.ai_family, type, 0)
            // A server that was stopped a moment ago leaves connections behind that would keep the port.
            var one: Int32 = 1
            if candidate >= 0 {
                setsockopt(candidate, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
                // Connections inherit it. Without it the system takes megabytes for a client that does not read.
                var unsent: Int32 = 16 << 10
                setsockopt(
                    candidate, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &unsent, socklen_t(MemoryLayout<Int32>.size))
                if bind(candidate, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0,
                    listen(candidate, SOMAXCONN) == 0, let (address, port) = Self.name(of: candidate)
                {
                    (self.descriptor, self.address, self.port) = (candidate, address, port)
                    return
                }
            }
            failure = errno
            if candidate >= 0 { close(candidate) }
        }
        throw Self.error(failure, host: host, port: port)
    }

    deinit { close(descriptor) }

    /// Refuses new connections from now on, those that wait included.
    func refuse() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private static func error(_ number: Int32, host: String, port: UInt16) -> GenerationError {
        let sentence =
            switch number {
            case EADDRINUSE: "Port \(port) is in use."
            case EACCES: "Port \(port) needs rights that this user does not have; choose one above 1023."
            case EADDRNOTAVAIL: "The address \(host) is not one of this machine's."
            default: "Cannot listen on \(host), port \(port): \(String(cString: strerror(number)))."
            }
        let parameter = number == EADDRNOTAVAIL ? "host" : "port"
        return GenerationError(.invalidRequest, sentence, parameter: parameter)
    }

    /// A bound socket's address and port.
    private static func name(of descriptor: Int32) -> (String, UInt16)? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: 32)
        let isNamed = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &size) == 0
                    && getnameinfo(
                        address, size, &host, socklen_t(host.count), &service, socklen_t(service.count),
                        NI_NUMERICHOST | NI_NUMERICSERV) == 0
            }
        }
        guard isNamed, let port = UInt16(text(service)) else { return nil }
        return (text(host), port)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
