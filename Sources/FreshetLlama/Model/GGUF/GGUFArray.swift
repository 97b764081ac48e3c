/// An array in a GGUF file's metadata. A vocabulary has hundreds of thousands of strings, so they stand in one piece of
/// memory and become values when they are asked for.
public struct GGUFArray: Sendable, Hashable {
    enum Storage: Sendable, Hashable {
        /// Numbers, in the file's byte order.
        case numbers([UInt8])
        /// Strings, one after the other, and where each of them ends.
        case strings([UInt8], ends: [Int])
        case arrays([GGUFArray])
    }

    /// The type of every element.
    public let elementType: GGUFValueType
    /// The number of elements.
    public let count: Int
    let storage: Storage

    /// The element at a place.
    public subscript(place: Int) -> GGUFValue {
        // As with the standard library's arrays, a place comes from the caller's own count, never from a file.
        precondition(0..<count ~= place, "an array of \(count) elements has none at \(place)")
        switch storage {
        case .strings: return .string(String(decoding: bytes(at: place), as: UTF8.self))
        case .arrays(let arrays): return .array(arrays[place])
        case .numbers(let bytes):
            let size = bytes.count / count
            return bytes.withUnsafeBytes {
                .number(elementType, UnsafeRawBufferPointer(rebasing: $0[(place * size)...]))
            }
        }
    }

    /// The bytes of the string at a place: they need not be UTF-8.
    public func bytes(at place: Int) -> ArraySlice<UInt8> {
        guard case .strings(let bytes, let ends) = storage else { return [] }
        return bytes[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
    }

    /// The elements as whole numbers; `nil` when they are not.
    public var integers: [Int]? {
        let numbers = (0..<count).compactMap { self[$0].integer }
        return numbers.count == count ? numbers : nil
    }
}

extension GGUFValue {
    /// A number, or a truth value, from its little-endian bytes.
    ///
    /// - Precondition: `type` has a size, and `bytes` at least that many.
    static func number(_ type: GGUFValueType, _ bytes: UnsafeRawBufferPointer) -> GGUFValue {
        func load<Number: FixedWidthInteger>(_: Number.Type) -> Number {
            Number(littleEndian: bytes.loadUnaligned(as: Number.self))
        }
        switch type {
        case .uint8: return .uint8(load(UInt8.self))
        case .int8: return .int8(load(Int8.self))
        case .uint16: return .uint16(load(UInt16.self))
        case .int16: return .int16(load(Int16.self))
        case .uint32: return .uint32(load(UInt32.self))
        case .int32: return .int32(load(Int32.self))
        case .float32: return .float32(Float(bitPattern: load(UInt32.self)))
        case .bool: return .bool(load(UInt8.self) != 0)
        case .uint64: return .uint64(load(UInt64.self))
        case .int64: return .int64(load(Int64.self))
        case .float64: return .float64(Double(bitPattern: load(UInt64.self)))
        // The reader takes both on paths of their own, and an array of either is never stored as numbers.
        case .string, .array: preconditionFailure("\(type) has no fixed size")
        }
    }
}
