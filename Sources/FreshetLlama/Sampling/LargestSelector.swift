/// Finds the k largest of many floats, in order, without allocating.
///
/// Equal values keep the order of their indices, so the answer is one and the same whatever way it was found. Values
/// that cannot be chosen, minus infinity and NaN, are never found.
struct LargestSelector: ~Copyable {
    /// Up to this many are kept in a small sorted list; more are sorted by radix.
    static let smallLimit = 128
    /// How many values one block holds; a column has a fourth of them.
    private static let block = 256

    private let capacity: Int
    /// The answer of the last search.
    let indices: UnsafeMutablePointer<Int32>
    private let columnMaxima: UnsafeMutablePointer<SIMD4<Float>>
    private let best: UnsafeMutablePointer<Float>
    private let keys: UnsafeMutablePointer<UInt64>
    private let otherKeys: UnsafeMutablePointer<UInt64>
    private let histogram: UnsafeMutablePointer<Int>
    private static let digits = 2048

    /// Room for arrays of up to `capacity` values. Pages of it that no search needs are never touched.
    init(capacity: Int) {
        self.capacity = capacity
        indices = .allocate(capacity: capacity)
        columnMaxima = .allocate(capacity: capacity / Self.block + 1)
        best = .allocate(capacity: Self.smallLimit)
        keys = .allocate(capacity: capacity)
        otherKeys = .allocate(capacity: capacity)
        histogram = .allocate(capacity: Self.digits)
    }

    deinit {
        indices.deallocate()
        columnMaxima.deallocate()
        best.deallocate()
        keys.deallocate()
        otherKeys.deallocate()
        histogram.deallocate()
    }

    /// Writes the indices of the `k` largest values, largest first, to ``indices``.
    ///
    /// - Returns: how many were found: fewer than `k` when fewer values can be chosen.
    func find(_ k: Int, of values: UnsafePointer<Float>, count: Int) -> Int {
        // Candidates only ever shrink, from the one capacity that both are made with.
        precondition(count <= capacity, "more values than the selector was made for")
        let k = min(k, count)
        guard k > 0 else { return 0 }
        return k <= Self.smallLimit ? findFew(k, of: values, count: count) : findMany(k, of: values, count: count)
    }

    /// The values are taken in blocks, and each block in four columns. The k-th largest maximum of a column bounds the
    /// k-th largest value from below, so that most blocks are passed over after one SIMD pass.
    private func findFew(_ k: Int, of values: UnsafePointer<Float>, count: Int) -> Int {
        let blocks = measureBlocks(of: values, count: count)
        // Minus infinity cannot be chosen, so the least number that can be is the bound where nothing else is.
        var bound = max(kthColumn(k, of: blocks), -.greatestFiniteMagnitude)
        var found = 0
        for block in 0..<blocks where any(columnMaxima[block] .>= bound) {
            let start = block * Self.block
            FloatScan.forEach(in: values + start, count: min(Self.block, count - start), atLeast: bound) { place in
                insert(values[start + place], start + place, among: &found, of: k)
                // Once k are found only a larger value gets in, so that a long run of equals is passed over too.
                if found == k { bound = max(bound, best[k - 1].nextUp) }
            }
        }
        return found
    }

    private func measureBlocks(of values: UnsafePointer<Float>, count: Int) -> Int {
        let whole = count / Self.block
        for block in 0..<whole {
            let start = values + block * Self.block
            columnMaxima[block] = FloatScan.largest(start, sixteens: Self.block / FloatScan.width)
        }
        let rest = count - whole * Self.block
        guard rest > 0 else { return whole }
        columnMaxima[whole] = SIMD4(repeating: -.infinity)
        columnMaxima[whole].x = FloatScan.maximum(values + whole * Self.block, count: rest)
        return whole + 1
    }

    /// The k-th largest maximum of a column, or minus infinity when there are fewer columns.
    private func kthColumn(_ k: Int, of blocks: Int) -> Float {
        guard blocks * 4 >= k else { return -.infinity }
        var found = 0
        for block in 0..<blocks {
            let maxima = columnMaxima[block]
            insert(maxima.x, block, among: &found, of: k)
            insert(maxima.y, block, among: &found, of: k)
            insert(maxima.z, block, among: &found, of: k)
            insert(maxima.w, block, among: &found, of: k)
        }
        return best[k - 1]
    }

    /// Puts a value in its place among the `found` best, of which no more than `k` are kept.
    @inline(__always)
    private func insert(_ value: Float, _ index: Int, among found: inout Int, of k: Int) {
        guard found < k || value > best[k - 1] else { return }
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
