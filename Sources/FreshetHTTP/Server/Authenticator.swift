package import Freshet

/// Who may ask: the holders of one of a few keys, or anybody where there are none.
///
/// Comparing takes the same time whatever key is sent, so that a client cannot find one out a byte at a time.
package struct Authenticator: Sendable {
    /// The most UTF-8 bytes of a key.
    package static let keyLimit = 512

    /// Every key, with zero bytes up to one more than the limit.
    private let keys: [[UInt8]]

    /// An authenticator for these keys; without any, everybody may ask.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` for a key that no client could send: an empty one, a
    ///   longer one than ``keyLimit``, or one with other characters than visible ASCII. The key is not in the sentence.
    package init(keys: [String]) throws(GenerationError) {
        for key in keys {
            guard (1...Self.keyLimit).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw .invalid("api_key", "must be from 1 to \(Self.keyLimit) visible ASCII characters, without spaces")
            }
        }
        self.keys = keys.map { Self.padded($0) }
    }

    /// Whether a key is asked for at all.
    package var asksForKey: Bool { !keys.isEmpty }

    /// Checks a request's `Authorization` fields.
    ///
    /// - Returns: which of the keys was sent, from 1; `nil` where none is asked for.
    /// - Throws: ``GenerationError`` with code `unauthorized`; nothing of what was sent is in the sentence.
    package func check(_ authorization: [String]) throws(GenerationError) -> Int? {
        guard asksForKey else { return nil }
        guard authorization.count == 1, let key = Self.bearerKey(in: authorization[0]) else {
            throw GenerationError(
                .unauthorized, "This server asks for a key, to be sent as “Authorization: Bearer KEY”.")
        }
        guard let place = place(of: key) else {
            throw GenerationError(.unauthorized, "The key is none of this server's keys.")
        }
        return place
    }

    private static func bearerKey(in field: String) -> String? {
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    /// Looks at every byte of every key, whatever is found on the way.
    private func place(of key: String) -> Int? {
        let sent = Self.padded(key)
        var found: Int?
        for (place, known) in keys.enumerated() {
            var difference: UInt8 = 0
            for byte in known.indices { difference |= known[byte] ^ sent[byte] }
            found = difference == 0 ? place + 1 : found
        }
        return found
    }

    /// The key's bytes and zeros up to one more than the limit, where a longer key has a byte that is not zero. A key
    /// has no zero byte, so that two different ones always differ.
    private static func padded(_ key: String) -> [UInt8] {
        var bytes = Array(key.utf8.prefix(keyLimit + 1))
        bytes += [UInt8](repeating: 0, count: keyLimit + 1 - bytes.count)
        return bytes
    }
}
