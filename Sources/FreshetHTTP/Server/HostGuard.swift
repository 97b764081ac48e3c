internal import Freshet

/// Refuses requests that were sent to another name than this machine's own.
///
/// A page in a browser can give its own name the address 127.0.0.1, and then speaks to a local server as if to its own:
/// without a key, only the `Host` field tells that (DNS rebinding).
package struct HostGuard: Sendable {
    private let names: [String]?

    /// A guard that lets `localhost`, addresses as digits and `name` pass.
    package static func local(orNamed name: String) -> HostGuard { HostGuard(names: ["localhost", name.lowercased()]) }

    /// A guard that lets everything pass: the clients have a key, or the server is meant for others.
    package static let open = HostGuard(names: nil)

    /// Checks a request's `Host` field; HTTP/1.0 has none.
    ///
    /// - Throws: ``GenerationError`` with code `forbidden`.
    func check(_ field: String?) throws(GenerationError) {
        guard let names, let field else { return }
        // An IPv6 address stands in brackets.
        if field.hasPrefix("[") { return }
        let host = field.lowercased().prefix { $0 != ":" }
        let isAddress = !host.isEmpty && host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        guard !isAddress, !names.contains(String(host)), !host.hasSuffix(".localhost") else { return }
        throw GenerationError(
            .forbidden,
            "This server has no key and answers local clients only: send the request to localhost or 127.0.0.1, or give "
                + "the server a key.")
    }
}
