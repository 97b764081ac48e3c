/// A set of Unicode scalars, as ranges. U+0000 is never in it: no answer may hold it.
struct CodePointSet: Hashable {
    /// Disjoint, not adjacent, and in order.
    private(set) var ranges: [ClosedRange<UInt32>]

    /// Every scalar.
    static let all = CodePointSet([0...0x10FFFF])

    /// The union of ranges, in any order, of what may also be no scalars.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var union: [ClosedRange<UInt32>] = []
        for valid in [UInt32(1)...0xD7FF, 0xE000...0x10FFFF] {
            let inside = ranges.filter { $0.overlaps(valid) }.map { $0.clamped(to: valid) }
            for range in inside.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if let last = union.last, range.lowerBound <= last.upperBound + 1 {
                    union[union.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
                } else {
                    union.append(range)
                }
            }
        }
        self.ranges = union
    }

    /// The scalars that are not in the set.
    var complement: CodePointSet {
        var (gaps, start) = ([ClosedRange<UInt32>](), UInt32(0))
        for range in ranges {
            if range.lowerBound > start { gaps.append(start...range.lowerBound - 1) }
            start = range.upperBound + 1
        }
        if start <= 0x10FFFF { gaps.append(start...0x10FFFF) }
        return CodePointSet(gaps)
    }

    /// How much of a range the set holds.
    func coverage(of range: ClosedRange<UInt32>) -> Coverage {
        // The first range that does not end before it.
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < range.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].lowerBound <= range.upperBound else { return .none }
        let first = ranges[low]
        return first.lowerBound <= range.lowerBound && first.upperBound >= range.upperBound ? .whole : .part
    }

    /// How much of a range is in a set.
    enum Coverage {
        case none, part, whole
    }
}
