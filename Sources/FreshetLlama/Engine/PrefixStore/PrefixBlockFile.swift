import Freshet

/// The format of a block's file, both ways. Numbers are in the machine's own byte order; to a machine with the other
/// one the version is unknown.
///
///     place       bytes
///     0           8     "freshet" and a zero byte
///     8           4     the format's version
///     12          4     k, the length of the model key
///     16          8     where the block's tokens begin
///     24          8     n, where they end
///     32          8     p, the length of the payload
///     40          16    XXH3, 128 bits, of all other bytes in order
///     56          k     the model key
///     56+k        4n    every token from the prompt's beginning to the block's end
///     56+k+4n     p     the payload, to the end of the file
///
/// Whoever reads a block knows all of this but the payload and the checksum, and takes nothing else: no length is
/// believed. All tokens before are there too, so that what a hash cannot tell apart never gives another prompt's state.
/// At the end of a prompt of 100,000 that is 400 KB, beside a payload of about a megabyte.
struct PrefixBlockFile {
    /// The format's version.
    static let version: UInt32 = 1
    /// The longest payload: many times what a block of the largest models needs.
    static let payloadLimit = 1 << 30
    /// The longest file: a payload and a prompt of 16 million tokens both fit.
    static let byteLimit = payloadLimit + 1 << 27

    /// What the state depends on beside the tokens.
    var modelKey: [UInt8]
    /// Every token from the prompt's beginning to the block's end.
    var tokens: ArraySlice<Token>
    /// The block's tokens.
    var range: Range<Int>

    private static let checksum = 40..<56
    private static let magic = Array("freshet".utf8) + [0]

    /// The bytes before the payload.
    var frontLength: Int { Self.checksum.upperBound + modelKey.count + 4 * tokens.count }

    /// The bytes before a payload, with their checksum.
    func front(of payload: [UInt8]) -> [UInt8] {
        var front = uncheckedFront(payloadLength: payload.count)
        let sum = Self.sum(front, payload)
        withUnsafeBytes(of: sum) { front.replaceSubrange(Self.checksum, with: $0) }
        return front
    }

    /// Reads an open file of `byteCount` bytes.
    ///
    /// - Returns: the payload; `nil` when anything in the file is not as it must be, or it cannot be read.
    func payload(in descriptor: Int32, byteCount: Int) -> [UInt8]? {
        let payloadLength = byteCount - frontLength
        guard (1...Self.payloadLimit).contains(payloadLength) else { return nil }
        let front = FileBytes.read(descriptor, at: 0, count: frontLength).bytes
        guard front.count == frontLength else { return nil }
        var expected = uncheckedFront(payloadLength: payloadLength)
        expected.replaceSubrange(Self.checksum, with: front[Self.checksum])
        guard front == expected else { return nil }
        let payload = FileBytes.read(descriptor, at: frontLength, count: payloadLength).bytes
        guard payload.count == payloadLength else { return nil }
        let isRight = withUnsafeBytes(of: Self.sum(front, payload)) { front[Self.checksum].elementsEqual($0) }
        return isRight ? payload : nil
    }

    /// Whether an open file is of this format, of any version and model, and has the length that it says, so that one
    /// that was cut is told from one of another model. Its checksum is not looked at.
    static func isWhole(_ descriptor: Int32, byteCount: Int) -> Bool {
        let head = FileBytes.read(descriptor, at: 0, count: checksum.upperBound).bytes
        guard head.count == checksum.upperBound, head[..<8] == magic[...] else { return false }
        func number<Number: FixedWidthInteger>(at place: Int, _ type: Number.Type) -> UInt64 {
            UInt64(head.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: type) })
        }
        guard number(at: 8, UInt32.self) == UInt64(version) else { return true }
        let keyLength = number(at: 12, UInt32.self)
        let (tokenCount, payloadLength) = (number(at: 24, UInt64.self), number(at: 32, UInt64.self))
        // What is longer than the file would overflow below.
        guard max(keyLength, tokenCount, payloadLength) <= UInt64(byteCount) else { return false }
        return UInt64(head.count) + keyLength + 4 * tokenCount + payloadLength == UInt64(byteCount)
    }

    /// Reads the tokens of an open file whose model key is known, of which nothing is believed yet:
    /// ``payload(in:byteCount:)`` is asked next.
    ///
    /// - Returns: `nil` when the file is none of this format or model, or cannot be read.
    static func tokens(in descriptor: Int32, byteCount: Int, modelKey: [UInt8]) -> [Token]? {
        let head = FileBytes.read(descriptor, at: 0, count: checksum.upperBound + modelKey.count).bytes
        guard head.count == checksum.upperBound + modelKey.count else { return nil }
        let count = head.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self) }
        let known = PrefixBlockFile(modelKey: modelKey, tokens: [], range: 0..<0).uncheckedFront(payloadLength: 0)
        guard head[..<16] == known[..<16], head[checksum.upperBound...] == known[checksum.upperBound...],
            count <= UInt64(max(0, byteCount - head.count) / 4)
        else { return nil }
        let bytes = FileBytes.read(descriptor, at: head.count, count: 4 * Int(count)).bytes
        guard bytes.count == 4 * Int(count) else { return nil }
        return bytes.withUnsafeBytes { bytes in
            (0..<Int(count)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Token.self) }
        }
    }

    private func uncheckedFront(payloadLength: Int) -> [UInt8] {
        var front: [UInt8] = []
        front.reserveCapacity(frontLength)
        front += Self.magic
        for number in [Self.version, UInt32(modelKey.count)] { withUnsafeBytes(of: number) { front += $0 } }
        for number in [range.lowerBound, range.upperBound, payloadLength] {
            withUnsafeBytes(of: UInt64(number)) { front += $0 }
        }
        front += [UInt8](repeating: 0, count: Self.checksum.count)
        front += modelKey
        tokens.withUnsafeBytes { front += $0 }
        return front
    }

    private static func sum(_ front: [UInt8], _ payload: [UInt8]) -> UInt128 {
        let hash = XXH3()
        front.withUnsafeBytes { bytes in
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<checksum.lowerBound]))
            hash.update(UnsafeRawBufferPointer(rebasing: bytes[checksum.upperBound...]))
        }
        payload.withUnsafeBytes { hash.update($0) }
        return hash.digest
    }
}
