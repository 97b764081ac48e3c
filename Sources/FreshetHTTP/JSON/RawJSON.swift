import Freshet

/// Finds a value in JSON text as it is written there, with the order of its members, which ``JSONValue`` does not keep.
enum RawJSON {
    /// The bytes of a member of members.
    ///
    /// - Parameters:
    ///   - path: the members' names from the root on.
    ///   - json: sound JSON. Of two members with one name the later stands.
    /// - Returns: `nil` where there is none.
    static func value(at path: [String], of json: [UInt8]) -> ArraySlice<UInt8>? { value(at: path, of: json[...]) }

    /// The bytes of a member of members of an object.
    static func value(at path: [String], of object: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var value = object
        for name in path {
            guard let member = member(name, of: value) else { return nil }
            value = member
        }
        return value
    }

    /// The bytes of each of a list's items; none where it is no list.
    static func items(of list: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var rest = list
        skipSpace(&rest)
        guard rest.first == UInt8(ascii: "[") else { return [] }
        var items: [ArraySlice<UInt8>] = []
        repeat {
            rest.removeFirst()
            skipSpace(&rest)
            guard rest.first != UInt8(ascii: "]") else { return items }
            items.append(take(&rest))
            skipSpace(&rest)
        } while rest.first == UInt8(ascii: ",")
        return items
    }

    private static func member(_ name: String, of object: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = object
        skipSpace(&rest)
        guard rest.first == UInt8(ascii: "{") else { return nil }
        var found: ArraySlice<UInt8>?
        repeat {
            rest.removeFirst()
            skipSpace(&rest)
            guard rest.first == UInt8(ascii: "\"") else { return found }
            let key = take(&rest)
            skipSpace(&rest)
            guard rest.first == UInt8(ascii: ":") else { return found }
            rest.removeFirst()
            skipSpace(&rest)
            let value = take(&rest)
            if text(of: key) == name { found = value }
            skipSpace(&rest)
        } while rest.first == UInt8(ascii: ",")
        return found
    }

    /// Takes one value from the beginning.
    private static func take(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = rest
        var depth = 0
        repeat {
            switch rest.first {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""): skipString(&rest)
            case nil: return start[..<rest.startIndex]
            default: break
            }
            rest = rest.dropFirst()
        } while depth > 0 || !isEnd(rest.first)
        return start[..<rest.startIndex]
    }

    /// Goes to a string's last quote.
    private static func skipString(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.dropFirst()
        while let byte = rest.first, byte != UInt8(ascii: "\"") {
            rest = rest.dropFirst(byte == UInt8(ascii: "\\") ? 2 : 1)
        }
    }

    /// Whether a value that is no object and no list ends before a byte.
    private static func isEnd(_ byte: UInt8?) -> Bool {
        guard let byte else { return true }
        return [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "}"), UInt8(ascii: "]")]
            .contains(byte)
    }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private static func text(of key: ArraySlice<UInt8>) -> String? {
        guard key.contains(UInt8(ascii: "\\")) else {
            return String(decoding: key.dropFirst().dropLast(), as: UTF8.self)
        }
        guard let list = try? JSONValue(json: [UInt8(ascii: "[")] + key + [UInt8(ascii: "]")]),
            case .array(let items) = list
        else { return nil }
        return items.first?.string
    }
}
