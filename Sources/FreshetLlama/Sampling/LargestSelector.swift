/// Finds the k largest of many floats, in order, without allocating.
///
/// Equal values keep the order of their indices, so the answer is one and the same whatever way it was found. Values
/// that cannot be chosen, minus infinity and NaN, are never found.
struct LargestSelector: ~Copyable {
    /// Up to this many are looked for among the blocks' maxima first; for more, all values are counted.
    static let smallLimit = 128
    /// Up to this many are sorted by insertion, and more by radix, whose tables cost some microseconds.
    private static let insertionLimit = 128
    /// So many gathered values are cut back to those that are looked for.
    private static let gatherLimit = 512
    /// The most values that one block holds; a column has a fourth of them.
    private static let largestBlock = 256

    private let capacity: Int
    /// The answer of the last search.
    let indices: UnsafeMutablePointer<Int32>
    private let columnMaxima: UnsafeMutablePointer<SIMD4<Float>>
    private let keys: UnsafeMutablePointer<UInt64>
    private let otherKeys: UnsafeMutablePointer<UInt64>
    private let histogram: UnsafeMutablePointer<Int>
    private static let digits = 2048

    /// Room for arrays of up to `capacity` values. Pages of it that no search needs are never touched.
    init(capacity: Int) {
        self.capacity = capacity
        indices = .allocate(capacity: capacity)
        columnMaxima = .allocate(capacity: capacity / FloatScan.width + 1)
        keys = .allocate(capacity: capacity)
        otherKeys = .allocate(capacity: capacity)
        histogram = .allocate(capacity: Self.digits)
    }

    deinit {
        indices.deallocate()
        columnMaxima.deallocate()
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

    /// The values are taken in blocks, and each block in four columns. What k columns reach, at least k values reach, and
    /// mostly few more: those are sorted, and most blocks are passed over after one SIMD pass.
    private func findFew(_ k: Int, of values: UnsafePointer<Float>, count: Int) -> Int {
        // With few more columns than k, most of the values would reach the bound.
        var length = Self.largestBlock
        while length > FloatScan.width, count / length < k { length /= 2 }
        let blocks = measureBlocks(of: values, count: count, length: length)
        var bound = bound(reachedBy: k, of: blocks)
        var gathered = 0
        for block in 0..<blocks where any(columnMaxima[block] .>= bound) {
            let start = block * length
            FloatScan.forEach(in: values + start, count: min(length, count - start), atLeast: bound) { place in
                keys[gathered] = Self.key(values[start + place], start + place)
                gathered += 1
            }
            guard gathered > Self.gatherLimit else { continue }
            // Many reach the bound, all of them where all are equal: of what follows, only larger ones get in.
            gathered = take(k, of: gathered)
            for place in 0..<gathered { keys[place] = Self.key(values[Int(indices[place])], Int(indices[place])) }
            if gathered == k { bound = max(bound, values[Int(indices[k - 1])].nextUp) }
        }
        return take(k, of: gathered)
    }

    private func measureBlocks(of values: UnsafePointer<Float>, count: Int, length: Int) -> Int {
        let whole = count / length
        for block in 0..<whole {
            columnMaxima[block] = FloatScan.largest(values + block * length, sixteens: length / FloatScan.width)
        }
        let rest = count - whole * length
        guard rest > 0 else { return whole }
        columnMaxima[whole] = SIMD4(repeating: -.infinity)
        columnMaxima[whole].x = FloatScan.maximum(values + whole * length, count: rest)
        return whole + 1
    }

    /// A number that at least `k` columns' maxima reach, and not many more; the least number that can be chosen where there
    /// are not so many. Found by bisection of the floats' order, so that it takes few steps however they lie.
    private func bound(reachedBy k: Int, of blocks: Int) -> Float {
        var low = Int(Self.order(-.greatestFiniteMagnitude))
        guard reaching(-.greatestFiniteMagnitude, of: blocks) >= k else { return Self.float(low) }
        var high = Int(Self.order(.infinity)) + 1
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let reached = reaching(Self.float(middle), of: blocks)
            if reached >= k { low = middle } else { high = middle }
            if k...(k + k / 4) ~= reached { break }
        }
        return Self.float(low)
    }

    /// How many columns' maxima are at least so large.
    @inline(__always)
    private func reaching(_ bound: Float, of blocks: Int) -> Int {
        var counts = SIMD4<Int32>.zero
        for block in 0..<blocks {
            // Lane by lane, as in `FloatScan`.
            let maxima = columnMaxima[block]
            counts.x &+= maxima.x >= bound ? 1 : 0
            counts.y &+= maxima.y >= bound ? 1 : 0
            counts.z &+= maxima.z >= bound ? 1 : 0
            counts.w &+= maxima.w >= bound ? 1 : 0
        }
        return Int(counts.wrappedSum())
    }

    /// A number that is larger the larger the value is, and its inverse.
    private static func order(_ value: Float) -> Int32 {
        let bits = Int32(bitPattern: value.bitPattern)
        return bits >= 0 ? bits : bits ^ .max
    }

    private static func float(_ order: Int) -> Float {
        let bits = Int32(truncatingIfNeeded: order)
        return Float(bitPattern: UInt32(bitPattern: bits >= 0 ? bits : bits ^ .max))
    }

    /// Writes the indices of the first `k` of the gathered keys.
    private func take(_ k: Int, of gathered: Int) -> Int {
        let sorted = sort(gathered)
        let found = min(k, gathered)
        for place in 0..<found { indices[place] = Int32(truncatingIfNeeded: sorted[place]) }
        return found
    }

    /// A number that is smaller the larger the value is, and of two equal values the one with the lower index.
    @inline(__always)
    private static func key(_ value: Float, _ index: Int) -> UInt64 {
        UInt64(key(value)) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
    }

    /// Sorts the gathered keys.
    ///
    /// - Returns: where they are then.
    private func sort(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        guard count <= Self.insertionLimit else { return sortByRadix(count) }
        for next in 0..<count {
            let key = keys[next]
            var place = next
            while place > 0, keys[place - 1] > key {
                keys[place] = keys[place - 1]
                place -= 1
            }
            keys[place] = key
        }
        return keys
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
            guard Self.key(values[index]) >> shift <= lastClass else { continue }
            keys[gathered] = Self.key(values[index], index)
            gathered += 1
        }
        return take(k, of: gathered)
    }

    /// A number that is smaller the larger the value is.
    @inline(__always)
    private static func key(_ value: Float) -> UInt32 {
        let bits = (value + 0).bitPattern  // + 0 makes one zero of two.
        return bits >> 31 == 0 ? ~(bits | 0x8000_0000) : bits
    }

    /// Least-significant-digit radix sort by key; it is stable, and no order of the values makes it slow.
    private func sortByRadix(_ count: Int) -> UnsafeMutablePointer<UInt64> {
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
