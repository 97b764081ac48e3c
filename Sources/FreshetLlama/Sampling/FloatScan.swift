/// Passes over long arrays of floats, sixteen at a time.
///
/// All of them skip NaN as if it were minus infinity: a comparison with NaN is false, and every comparison here is
/// written so that false means "leave out". The results do not depend on the processor: each operation is IEEE
/// arithmetic in a fixed order, and the exponential is our own.
enum FloatScan {
    typealias Vector = SIMD16<Float>
    /// How many floats one step takes.
    static let width = 16

    /// Sixteen floats from `index` on.
    @inline(__always)
    static func load(_ values: UnsafePointer<Float>, _ index: Int) -> Vector {
        UnsafeRawPointer(values + index).loadUnaligned(as: Vector.self)
    }

    /// The last, fewer than sixteen, floats, filled up with minus infinity.
    @inline(__always)
    static func loadTail(_ values: UnsafePointer<Float>, _ index: Int, count: Int) -> Vector {
        var tail = Vector(repeating: -.infinity)
        for lane in 0..<(count - index) { tail[lane] = values[index + lane] }
        return tail
    }

    /// The larger of each pair; of a NaN on the right nothing is seen.
    ///
    /// Written lane by lane, because this is what the compiler makes one `maxps` of; of a mask and a replacement, or of
    /// `pointwiseMax`, it makes code that is 10 to 100 times slower.
    @inline(__always)
    private static func larger(_ left: SIMD4<Float>, _ right: SIMD4<Float>) -> SIMD4<Float> {
        SIMD4(
            right.x > left.x ? right.x : left.x, right.y > left.y ? right.y : left.y,
            right.z > left.z ? right.z : left.z, right.w > left.w ? right.w : left.w)
    }

    @inline(__always)
    private static func larger(_ left: Vector, _ right: Vector) -> Vector {
        Vector(
            lowHalf: SIMD8(
                lowHalf: larger(left.lowHalf.lowHalf, right.lowHalf.lowHalf),
                highHalf: larger(left.lowHalf.highHalf, right.lowHalf.highHalf)),
            highHalf: SIMD8(
                lowHalf: larger(left.highHalf.lowHalf, right.highHalf.lowHalf),
                highHalf: larger(left.highHalf.highHalf, right.highHalf.highHalf)))
    }

    /// Of `sixteens` times sixteen values, the largest of every fourth: four numbers that hold the largest of all.
    @inline(__always)
    static func largest(_ values: UnsafePointer<Float>, sixteens: Int) -> SIMD4<Float> {
        // Four chains of comparisons, because one would wait for itself.
        let nothing = SIMD4<Float>(repeating: -.infinity)
        var (first, second, third, fourth) = (nothing, nothing, nothing, nothing)
        for sixteen in 0..<sixteens {
            let start = UnsafeRawPointer(values + sixteen * width)
            first = larger(first, start.loadUnaligned(as: SIMD4<Float>.self))
            second = larger(second, start.loadUnaligned(fromByteOffset: 16, as: SIMD4<Float>.self))
            third = larger(third, start.loadUnaligned(fromByteOffset: 32, as: SIMD4<Float>.self))
            fourth = larger(fourth, start.loadUnaligned(fromByteOffset: 48, as: SIMD4<Float>.self))
        }
        return larger(larger(first, second), larger(third, fourth))
    }

    /// The largest value; minus infinity when there is none.
    static func maximum(_ values: UnsafePointer<Float>, count: Int) -> Float {
        var maximum = largest(values, sixteens: count / width).max()
        for index in count - count % width..<count where values[index] > maximum { maximum = values[index] }
        return maximum
    }

    /// Writes `exp(value - maximum)` for every value and returns the sum of what was written.
    static func exponentials(
        of values: UnsafePointer<Float>, count: Int, maximum: Float, into result: UnsafeMutablePointer<Float>
    ) -> Double {
        sumOfExponentials(values, count: count, maximum: maximum) { index, powers in
            guard index + width > count else {
                return UnsafeMutableRawPointer(result + index).storeBytes(of: powers, as: Vector.self)
            }
            for lane in 0..<(count - index) { result[index + lane] = powers[lane] }
        }
    }

    /// The sum of `exp(value - maximum)`, of which nothing is written.
    static func sumOfExponentials(_ values: UnsafePointer<Float>, count: Int, maximum: Float) -> Double {
        sumOfExponentials(values, count: count, maximum: maximum) { _, _ in }
    }

    @inline(__always)
    private static func sumOfExponentials(
        _ values: UnsafePointer<Float>, count: Int, maximum: Float, _ take: (Int, Vector) -> Void
    ) -> Double {
        var total = 0.0
        var index = 0
        while index + width <= count {
            // Floats are summed over short runs only, and runs in double, so that 150,000 small terms are not lost.
            var run = Vector.zero
            let end = min(index + 32 * width, count - count % width)
            while index < end {
                let powers = exponential(load(values, index) - maximum)
                take(index, powers)
                run += powers
                index += width
            }
            total += Double(run.sum())
        }
        if index < count {
            let powers = exponential(loadTail(values, index, count: count) - maximum)
            take(index, powers)
            total += Double(powers.sum())
        }
        return total
    }

    /// Divides every value.
    static func divide(_ values: UnsafeMutablePointer<Float>, count: Int, by divisor: Float) {
        var index = 0
        while index + width <= count {
            let quotients = load(values, index) / divisor
            UnsafeMutableRawPointer(values + index).storeBytes(of: quotients, as: Vector.self)
            index += width
        }
        while index < count {
            values[index] /= divisor
            index += 1
        }
    }

    /// How many values are numbers and not minus infinity, and their sum.
    static func sum(_ values: UnsafePointer<Float>, count: Int) -> (number: Int, sum: Double) {
        reduceFinite(values, count: count) { $0 }
    }

    /// The sum of the squared differences from `mean`, of the same values that ``sum(_:count:)`` takes.
    static func squaredDeviations(_ values: UnsafePointer<Float>, count: Int, from mean: Double) -> Double {
        reduceFinite(values, count: count) { ($0 - mean) * ($0 - mean) }.sum
    }

    @inline(__always)
    private static func reduceFinite(
        _ values: UnsafePointer<Float>, count: Int, _ term: (SIMD8<Double>) -> SIMD8<Double>
    ) -> (number: Int, sum: Double) {
        var (sum, number) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
        func add(_ values: SIMD8<Double>) {
            let isFinite = values .> -.infinity
            sum += SIMD8<Double>.zero.replacing(with: term(values), where: isFinite)
            number += SIMD8<Double>.zero.replacing(with: 1, where: isFinite)
        }
        var index = 0
        while index < count {
            let block = index + width <= count ? load(values, index) : loadTail(values, index, count: count)
            add(SIMD8<Double>(block.lowHalf))
            add(SIMD8<Double>(block.highHalf))
            index += width
        }
        return (Int(number.sum()), sum.sum())
    }

    /// Calls `body` with the index of every value that is at least `threshold`, in order.
    @inline(__always)
    static func forEach(
        in values: UnsafePointer<Float>, count: Int, atLeast threshold: Float, _ body: (Int) -> Void
    ) {
        var index = 0
        while index < count {
            let end = min(index + width, count)
            if end - index < width || reaches(threshold, values + index) {
                for place in index..<end where values[place] >= threshold { body(place) }
            }
            index = end
        }
    }

    /// Whether any of sixteen values is at least `threshold`.
    @inline(__always)
    private static func reaches(_ threshold: Float, _ values: UnsafePointer<Float>) -> Bool {
        any(load(values, 0) .>= threshold)
    }

    /// e to the power of each number, which is 0 or less; 0 from -87 down, where the result would leave the normal
    /// floats, and for NaN. The error is under 2e-7 of the result and 2e-38.
    @inline(__always)
    static func exponential(_ exponents: Vector) -> Vector {
        let lowest = Vector(repeating: -87)
        // What is cut off at -87 becomes exactly 0, and to the rest 1.6e-38 makes no difference.
        return power(larger(lowest, exponents)) - power(lowest)
    }

    /// e to the power of each number from -87 to 0, as 2ⁿ · eʳ with |r| ≤ ln 2 / 2, and the Taylor series of eʳ up to
    /// the seventh power, whose rest is under 6e-9.
    @inline(__always)
    private static func power(_ x: Vector) -> Vector {
        // Adding 1.5 · 2²³ leaves the nearest integer in the low bits of the float.
        let shifted = x * 1.442_695_04 + 12_582_912
        let n = shifted - 12_582_912
        // ln 2 in two parts, the first of so few digits that n times it is exact.
        let r = (x - n * 0.693_359_375) + n * 2.121_944_4e-4
        var series = r * (1 / 5040) + (1 / 720)
        series = series * r + (1 / 120)
        series = series * r + (1 / 24)
        series = series * r + (1 / 6)
        series = series * r + 0.5
        series = series * r + 1
        series = series * r + 1
        let scale = unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23
        return unsafeBitCast(unsafeBitCast(series, to: SIMD16<UInt32>.self) &+ scale, to: Vector.self)
    }
}
