import Glibc

/// Reads a GGUF file's header from front to back. Every length is compared with what the file still holds before
/// anything is allocated for it.
struct GGUFReader: ~Copyable {
    /// The file's length.
    let byteCount: Int
    /// The place of the next byte to read.
    private(set) var position = 0

    private let descriptor: Int32
    private var window: [UInt8] = []
    private var windowStart = 0

    /// What bounds the memory that a file can ask for: a few bytes of it, which need not even be on disk, may stand for
    /// a value many times larger. Each limit is several times what the largest models need: 260,000 tokens, and twice
    /// as many merges, in 30 MB.
    private enum Limit {
        /// The bytes of the whole header.
        static let header = 1 << 27
        /// The elements of all arrays together.
        static let elements = 1 << 22
        /// The arrays within arrays; no model that is known has any.
        static let nestedArrays = 1 << 12
        /// How deep they may lie.
        static let depth = 4
    }
    private static let windowLength = 1 << 18
    private var elementCount = 0
    private var nestedArrayCount = 0

    /// Reads from an open file, which stays the caller's.
    init(descriptor: Int32, byteCount: Int) {
        self.descriptor = descriptor
        self.byteCount = byteCount
    }

    /// A whole number.
    mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws(GGUFDamage) -> Number {
        let place = try take(MemoryLayout<Number>.size)
        return Number(littleEndian: window.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Number.self) })
    }

    /// A count of things that take at least `size` bytes each, of which there are no more than `limit`.
    mutating func count(of things: String, atLeast size: Int, atMost limit: Int) throws(GGUFDamage) -> Int {
        let count = try integer(UInt64.self)
        guard count <= UInt64(max(0, byteCount - position) / size) else {
            throw GGUFDamage(
                "it is truncated or damaged: it claims \(count) \(things), more than its \(byteCount) bytes can hold")
        }
        guard count <= UInt64(limit) else {
            throw GGUFDamage("it claims \(count) \(things), and no more than \(limit) are read")
        }
        return Int(count)
    }

    /// The bytes of a string.
    mutating func string() throws(GGUFDamage) -> ArraySlice<UInt8> {
        let count = try count(of: "bytes of text", atLeast: 1, atMost: Limit.header)
        let place = try take(count)
        return window[place..<place + count]
    }

    /// A string that names something: UTF-8, not empty, without a zero byte.
    mutating func name(of thing: String) throws(GGUFDamage) -> String {
        guard let name = String(validating: try string(), as: UTF8.self), !name.isEmpty, !name.utf8.contains(0) else {
            throw GGUFDamage("the name of \(thing) is not text")
        }
        return name
    }

    /// A value after its type.
    mutating func value(of key: String) throws(GGUFDamage) -> GGUFValue {
        switch try valueType(of: key) {
        case .string: return .string(String(decoding: try string(), as: UTF8.self))
        case .array: return .array(try array(of: key, depth: 1))
        case let type:
            let place = try take(type.leastByteCount)
            return window.withUnsafeBytes { .number(type, UnsafeRawBufferPointer(rebasing: $0[place...])) }
        }
    }

    private mutating func valueType(of key: String) throws(GGUFDamage) -> GGUFValueType {
        let number = try integer(UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw GGUFDamage("its \(quoted(key)) is of the unknown type \(number)")
        }
        return type
    }

    private mutating func array(of key: String, depth: Int) throws(GGUFDamage) -> GGUFArray {
        guard depth <= Limit.depth else {
            throw GGUFDamage("its \(quoted(key)) holds arrays within arrays too deep")
        }
        let type = try valueType(of: key)
        let count = try count(
            of: "elements in \(quoted(key))", atLeast: type.leastByteCount, atMost: Limit.elements - elementCount)
        elementCount += count
        switch type {
        case .string: return GGUFArray(elementType: type, count: count, storage: try strings(count))
        case .array:
            nestedArrayCount += count
            guard nestedArrayCount <= Limit.nestedArrays else {
                throw GGUFDamage("its \(quoted(key)) holds too many arrays within arrays")
            }
            var arrays: [GGUFArray] = []
            for _ in 0..<count { arrays.append(try array(of: key, depth: depth + 1)) }
            return GGUFArray(elementType: type, count: count, storage: .arrays(arrays))
        default:
            let size = count * type.leastByteCount
            let place = try take(size)
            return GGUFArray(elementType: type, count: count, storage: .numbers(Array(window[place..<place + size])))
        }
    }

    /// Strings one after the other. Those that lie in the window whole are taken from it in one go: a vocabulary has some
    /// hundred thousand.
    private mutating func strings(_ count: Int) throws(GGUFDamage) -> GGUFArray.Storage {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        ends.reserveCapacity(count)
        // A token and its merges have a handful of bytes each.
        bytes.reserveCapacity(min(16 * count, byteCount - position))
        while ends.count < count {
            let start = position - windowStart
            let end = window.withUnsafeBytes { window in
                var place = start
                while ends.count < count, window.count - place >= 8 {
                    let length = UInt64(littleEndian: window.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                    guard length <= UInt64(window.count - place - 8) else { break }
                    let text = place + 8..<place + 8 + Int(length)
                    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: window[text]))
                    ends.append(bytes.count)
                    place = text.upperBound
                }
                return place
            }
            _ = try take(end - start)
            guard ends.count < count else { break }
            bytes += try string()
            ends.append(bytes.count)
        }
        return .strings(bytes, ends: ends)
    }

    /// Moves on by `count` bytes and says where in the window they lie.
    private mutating func take(_ count: Int) throws(GGUFDamage) -> Int {
        guard count <= byteCount - position else {
            throw GGUFDamage("it is truncated: it ends within its header, after \(byteCount) bytes")
        }
        guard position + count <= Limit.header else {
            throw GGUFDamage("its header is longer than \(Limit.header >> 20) MiB")
        }
        if position + count > windowStart + window.count {
            windowStart = position
            window = try Self.read(
                descriptor, at: position, count: min(max(count, Self.windowLength), byteCount - position))
        }
        defer { position += count }
        return position - windowStart
    }

    /// Reads exactly `count` bytes.
    static func read(_ descriptor: Int32, at start: Int, count: Int) throws(GGUFDamage) -> [UInt8] {
        let (bytes, failure) = FileBytes.read(descriptor, at: start, count: count)
        guard bytes.count == count else {
            throw GGUFDamage(
                failure == 0
                    ? "it is truncated: it became shorter while it was read"
                    : "it cannot be read: \(String(cString: strerror(failure)))")
        }
        return bytes
    }
}
