/// Finds the k largest of many floats, in order, without allocating.
///
/// Equal values keep the order of their indices, so the answer is one and the same whatever way it was found. Values
/// that cannot be chosen, minus infinity and NaN, are never found.
struct LargestSelector: ~Copyable {
    /// Up to this many are kept in a small sorted list; more are sorted by radix.
    static let smallLimit = 128
    private static let block = 64

    private let capacity: Int
    /// The answer of the last search.
    let indices: UnsafeMutablePointer<Int32>
    private let blockMaxima: UnsafeMutablePointer<Float>
    private let best: UnsafeMutablePointer<Float>
    private let keys: UnsafeMutablePointer<UInt64>
    private let otherKeys: UnsafeMutablePointer<UInt64>
    private let histogram: UnsafeMutablePointer<Int>
    private static let digits = 2048

    /// Room for arrays of up to `capacity` values. Pages of it that no search needs are never touched.
    init(capacity: Int) {
        self.capacity = capacity
        indices = .allocate(capacity: capacity)
        blockMaxima = .allocate(capacity: capacity / Self.block + 1)
        best = .allocate(capacity: Self.smallLimit)
        keys = .allocate(capacity: capacity)
        otherKeys = .allocate(capacity: capacity)
        histogram = .allocate(capacity: Self.digits)
    }

    deinit {
        indices.deallocate()
        blockMaxima.deallocate()
        best.deallocate()
        keys.deallocate()
        otherKeys.deallocate()
        histogram.deallocate()
    }

    /// Writes the indices of the `k` largest values, largest first, to ``indices``.
    ///
    /// - Returns: how many were found: fewer than `k` when fewer values can be chosen.
    func find(_ k: Int, of values: UnsafePointer<Float>, count: Int) -> Int {
        precondition(count <= capacity, "more values than the selector was made for")
        let k = min(k, count)
        guard k > 0 else { return 0 }
        return k <= Self.smallLimit ? findFew(k, of: values, count: count) : findMany(k, of: values, count: count)
    }

    /// The k-th largest block maximum bounds the k-th largest value from below, so that nearly all blocks are passed
    /// over after one SIMD comparison.
    private func findFew(_ k: Int, of values: UnsafePointer<Float>, count: Int) -> Int {
        let blocks = scanBlocks(of: values, count: count)
        let bound = kth(k, ofMaxima: blocks)
        var found = 0
        for number in 0..<blocks {
            // Once k are found only a strictly larger value gets in, so that a long run of ties is passed over too.
            let maximum = blockMaxima[number]
            guard maximum >= bound, found < k || maximum > best[k - 1] else { continue }
            for index in number * Self.block..<min((number + 1) * Self.block, count) {
                let value = values[index]
                guard value >= bound, value > -.infinity, found < k || value > best[k - 1] else { continue }
                if found < k { found += 1 }
                var place = found - 1
                while place > 0, best[place - 1] < value {
                    best[place] = best[place - 1]
                    indices[place] = indices[place - 1]
                    place -= 1
                }
                best[place] = value
                indices[place] = Int32(truncatingIfNeeded: index)
            }
        }
        return found
    }

    private func scanBlocks(of values: UnsafePointer<Float>, count: Int) -> Int {
        let width = FloatScan.width
        var number = 0
        while (number + 1) * Self.block <= count {
            let start = number * Self.block
            let nothing = FloatScan.Vector(repeating: -.infinity)
            var left = FloatScan.larger(nothing, FloatScan.load(values, start))
            var right = FloatScan.larger(nothing, FloatScan.load(values, start + width))
            left = FloatScan.larger(left, FloatScan.load(values, start + 2 * width))
            right = FloatScan.larger(right, FloatScan.load(values, start + 3 * width))
            blockMaxima[number] = FloatScan.largest(FloatScan.larger(left, right))
            number += 1
        }
        let rest = number * Self.block
        guard rest < count else { return number }
        blockMaxima[number] = FloatScan.maximum(values + rest, count: count - rest)
        return number + 1
    }

    /// The k-th largest block maximum, or minus infinity when there are fewer blocks.
    private func kth(_ k: Int, ofMaxima blocks: Int) -> Float {
        guard blocks >= k else { return -.infinity }
        var found = 0
        for number in 0..<blocks {
            let value = blockMaxima[number]
            guard found < k || value > best[k - 1] else { continue }
            if found < k { found += 1 }
            var place = found - 1
            while place > 0, best[place - 1] < value {
                best[place] = best[place - 1]
                place -= 1
            }
            best[place] = value
        }
        return best[k - 1]
    }
}

// MARK: - Many

extension LargestSelector {
    /// Counts the values by the upper bits of their keys, drops all whole classes beyond the k-th, and sorts the rest.
    private func findMany(_ k: Int, of values: UnsafePointer<Float>, count: Int) -> Int {
        let shift: UInt32 = 21
        var lastClass = UInt32(Self.digits - 1)
        if k < count {
            histogram.update(repeating: 0, count: Self.digits)
            for index in 0..<count where values[index] > -.infinity {
                histogram[Int(Self.key(values[index]) >> shift)] += 1
            }
            var reached = 0
            lastClass = 0
            while lastClass < Self.digits - 1 {
                reached += histogram[Int(lastClass)]
                if reached >= k { break }
                lastClass += 1
            }
        }
        var gathered = 0
        for index in 0..<count where values[index] > -.infinity {
            let key = Self.key(values[index])
            guard key >> shift <= lastClass else { continue }
            keys[gathered] = UInt64(key) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
            gathered += 1
        }
        let sorted = sort(gathered)
        let found = min(k, gathered)
        for place in 0..<found { indices[place] = Int32(truncatingIfNeeded: sorted[place]) }
        return found
    }

    /// A number that is smaller the larger the value is.
    @inline(__always)
    private static func key(_ value: Float) -> UInt32 {
        let bits = (value + 0).bitPattern  // + 0 makes one zero of two.
        return bits >> 31 == 0 ? ~(bits | 0x8000_0000) : bits
    }

    /// Least-significant-digit radix sort by key; it is stable, and no order of the values makes it slow.
    private func sort(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        var (from, to) = (keys, otherKeys)
        for shift: UInt64 in stride(from: 32, to: 64, by: 11) {
            let mask = UInt64(Self.digits - 1)
            histogram.update(repeating: 0, count: Self.digits)
            for place in 0..<count { histogram[Int(from[place] >> shift & mask)] += 1 }
            if count > 0, histogram[Int(from[0] >> shift & mask)] == count { continue }
            var start = 0
            for digit in 0..<Self.digits { (histogram[digit], start) = (start, start + histogram[digit]) }
            for place in 0..<count {
                let digit = Int(from[place] >> shift & mask)
                to[histogram[digit]] = from[place]
                histogram[digit] += 1
            }
            (from, to) = (to, from)
        }
        return from
    }
}
