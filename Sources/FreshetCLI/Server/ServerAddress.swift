import FreshetHTTP

/// Where `freshet serve` listens.
struct ServerAddress {
    /// A name, or an IPv4 or IPv6 address as digits.
    var host = "127.0.0.1"
    /// The port; 0 takes any that is free.
    var port = 8080

    /// The options, with llama-server's names.
    static var group: OptionGroup<ServerAddress> {
        OptionGroup(
            title: "Address",
            options: [
                .text(
                    "--host", placeholder: "ADDRESS", help: "the address to listen on", current: \.host,
                    set: { (values: inout ServerAddress, text: String, name: String) throws(UsageError) in
                        guard !text.isEmpty else { throw UsageError(message: "\(name) needs an address.") }
                        values.host = text
                    }),
                .integer("--port", in: 0...65535, path: \.port, help: "the port; 0 takes a free one and tells which"),
            ])
    }

    /// Whether only programs on this machine can reach it.
    var isLoopback: Bool { host.isLoopbackHost }

    /// The URL to tell a person, of the address that it really is.
    func url(address: String, port: UInt16) -> String {
        "http://\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }
}
