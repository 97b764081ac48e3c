/// Turns the bytes of tokens into text, and never emits half a character.
///
/// A token may end inside a character; the bytes of an incomplete character are held back until the next token
/// completes it. Bytes that cannot be part of any character are put aside, with where they stood, and do not delay
/// what follows them. No U+FFFD is ever made up. How the bytes are cut into tokens changes nothing:
///
/// ```swift
/// var assembler = UTF8Assembler()
/// assembler.append([0xF0, 0x9F])        // ""
/// assembler.append([0x8D, 0x8B, 0x21])  // "🍋!"
/// assembler.finish()                    // []
/// ```
///
/// Well-formed sequences are those of table 3-7 of the Unicode Standard: overlong forms, surrogates and values above
/// U+10FFFF are undecodable from the first byte that shows it.
public struct UTF8Assembler: Sendable {
    /// The bytes of a character that is not complete yet, at most three, first in the lowest byte.
    private var held: UInt32 = 0
    private var heldCount = 0
    /// Bytes that the character still needs; 0 between characters.
    private var needed = 0
    /// What the next byte of the character must be.
    private var allowed = Self.continuation
    /// UTF-8 bytes of text emitted so far.
    private var offset = 0
    private var undecodable: [UndecodableBytes] = []

    private static let continuation: ClosedRange<UInt8> = 0x80...0xBF

    /// An assembler that has seen nothing.
    public init() {}

    /// Whether bytes are held of which it is not known yet whether they become a character.
    public var isHolding: Bool { heldCount > 0 }

    /// Takes the next bytes, usually one token's.
    ///
    /// - Returns: the characters that are now complete, the held ones first; often empty.
    public mutating func append(_ bytes: some Collection<UInt8>) -> String {
        if let text = bytes.withContiguousStorageIfAvailable({ decode($0) }) { return text }
        return Array(bytes).withUnsafeBufferPointer { decode($0) }
    }

    /// Ends the text; the assembler then begins anew.
    ///
    /// - Returns: what could not be decoded, in order: stray bytes, and a last character that never completed. Bytes
    ///   with no text between them are one entry. Offsets count the bytes of all text that ``append(_:)`` returned.
    public mutating func finish() -> [UndecodableBytes] {
        dropHeld(at: offset)
        defer { self = UTF8Assembler() }
        return undecodable
    }

    private mutating func decode(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard !bytes.isEmpty else { return "" }
        // A string of up to 15 bytes needs no memory of its own, and most tokens are that short.
        let text = String(unsafeUninitializedCapacity: heldCount + bytes.count) { output in
            var count = 0
            for byte in bytes { take(byte, output, &count) }
            return count
        }
        offset += text.utf8.count
        return text
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8, _ output: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
        if needed > 0, allowed.contains(byte) {
            needed -= 1
            allowed = Self.continuation
            guard needed == 0 else { return hold(byte) }
            for place in 0..<heldCount { output[count + place] = UInt8(truncatingIfNeeded: held >> (8 * place)) }
            output[count + heldCount] = byte
            count += heldCount + 1
            (held, heldCount) = (0, 0)
            return
        }
        if heldCount > 0 { dropHeld(at: offset + count) }
        if byte < 0x80 {
            output[count] = byte
            count += 1
        } else {
            begin(with: byte, at: offset + count)
        }
    }

    /// Begins a character of several bytes, or puts a byte aside that begins none.
    private mutating func begin(with byte: UInt8, at offset: Int) {
        switch byte {
        case 0xC2...0xDF: (needed, allowed) = (1, Self.continuation)
        case 0xE0: (needed, allowed) = (2, 0xA0...0xBF)
        case 0xED: (needed, allowed) = (2, 0x80...0x9F)
        case 0xE1...0xEF: (needed, allowed) = (2, Self.continuation)
        case 0xF0: (needed, allowed) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (needed, allowed) = (3, Self.continuation)
        case 0xF4: (needed, allowed) = (3, 0x80...0x8F)
        default: return putAside(byte, at: offset)
        }
        hold(byte)
    }

    private mutating func hold(_ byte: UInt8) {
        held |= UInt32(byte) << (8 * heldCount)
        heldCount += 1
    }

    /// Gives up the held bytes: what follows is no part of their character.
    private mutating func dropHeld(at offset: Int) {
        for place in 0..<heldCount { putAside(UInt8(truncatingIfNeeded: held >> (8 * place)), at: offset) }
        (held, heldCount, needed, allowed) = (0, 0, 0, Self.continuation)
    }

    private mutating func putAside(_ byte: UInt8, at offset: Int) {
        if undecodable.last?.offset == offset {
            undecodable[undecodable.endIndex - 1].bytes.append(byte)
        } else {
            undecodable.append(UndecodableBytes(offset: offset, bytes: [byte]))
        }
    }
}
