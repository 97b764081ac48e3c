/// What the next byte does to characters that have begun: automata that read the UTF-8 of one character of a set, in one
/// table. Equal states are kept once, so that all literals together have at most 256.
struct ByteTable: Sendable {
    /// What a byte leads to that no character of the set has there.
    static let dead: Int16 = -1
    /// What a character's last byte leads to.
    static let end: Int16 = -2

    /// 256 entries for each state: another state, ``dead`` or ``end``.
    private(set) var next: [Int16] = []
    /// How many bytes each state takes.
    private(set) var breadths: [Int16] = []
    private var states: [[Int16]: Int16] = [:]
    private var starts: [CodePointSet: Int16] = [:]

    /// The state before a byte that stands for itself.
    mutating func start(byte: UInt8) -> Int16? {
        var row = [Int16](repeating: Self.dead, count: 256)
        row[Int(byte)] = Self.end
        return state(row)
    }

    /// The state before a character of a set; `nil` when the table is full.
    mutating func start(_ set: CodePointSet) -> Int16? {
        if let start = starts[set] { return start }
        var row = [Int16](repeating: Self.dead, count: 256)
        for byte in 0..<256 {
            let lead = UInt32(byte)
            let target: Int16?
            switch lead {
            case 0..<0x80: target = set.coverage(of: lead...lead) == .whole ? Self.end : Self.dead
            case 0xC2..<0xE0: target = continuation(of: lead & 0x1F, left: 1, in: set, from: 0x80)
            case 0xE0..<0xF0: target = continuation(of: lead & 0x0F, left: 2, in: set, from: 0x800)
            case 0xF0..<0xF5: target = continuation(of: lead & 0x07, left: 3, in: set, from: 0x10000)
            default: target = Self.dead
            }
            guard let target else { return nil }
            row[byte] = target
        }
        let start = state(row)
        starts[set] = start
        return start
    }

    /// What comes after the bits of a character's first bytes, with so many bytes left.
    ///
    /// - Parameter least: the least character of this length; the same bits in more bytes than needed are no UTF-8.
    private mutating func continuation(
        of bits: UInt32, left: Int, in set: CodePointSet, from least: UInt32
    ) -> Int16? {
        let shift = UInt32(6 * left)
        let range = bits << shift...(bits << shift) + (1 << shift) - 1
        let coverage = range.upperBound < least ? .none : set.coverage(of: range)
        guard coverage != .none else { return Self.dead }
        if coverage == .whole, range.lowerBound >= least { return any(left) }
        var row = [Int16](repeating: Self.dead, count: 256)
        for byte in 0x80..<0xC0 {
            guard let target = continuation(of: bits << 6 | UInt32(byte & 0x3F), left: left - 1, in: set, from: least)
            else { return nil }
            row[byte] = target
        }
        return row.contains { $0 != Self.dead } ? state(row) : Self.dead
    }

    /// What comes before so many continuation bytes, whatever they are.
    private mutating func any(_ left: Int) -> Int16? {
        guard left > 0 else { return Self.end }
        guard let target = any(left - 1) else { return nil }
        var row = [Int16](repeating: Self.dead, count: 256)
        for byte in 0x80..<0xC0 { row[byte] = target }
        return state(row)
    }

    private mutating func state(_ row: [Int16]) -> Int16? {
        if let state = states[row] { return state }
        guard states.count < Self.capacity else { return nil }
        let state = Int16(states.count)
        states[row] = state
        next += row
        breadths.append(Int16(row.count { $0 != Self.dead }))
        return state
    }

    /// Eight megabytes, which no set of a few hundred ranges comes near.
    private static let capacity = 16384
}
