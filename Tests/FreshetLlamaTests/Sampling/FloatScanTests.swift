import Foundation
import Testing

@testable import FreshetLlama

struct FloatScanTests {
    @Test func exponentialsAreExact() {
        let values = (0..<5003).map { -Float($0) / 50 }
        var result = [Float](repeating: 0, count: values.count)
        let total = FloatScan.exponentials(of: values, count: values.count, maximum: 0, into: &result)
        for (value, power) in zip(values, result) {
            let exact = value > -87 ? exp(Double(value)) : 0
            // 1.6e-38 is taken off to make what would leave the normal floats 0.
            #expect(abs(Double(power) - exact) <= 2e-7 * exact + 2e-38, "exp(\(value))")
        }
        #expect(abs(total - result.reduce(0) { $0 + Double($1) }) < 1e-4)
    }

    @Test func exponentialsOfTheUnusableAreZero() {
        let values: [Float] = [.nan, -.infinity, 0, -1e38, .nan]
        var result = [Float](repeating: 7, count: 5)
        #expect(FloatScan.exponentials(of: values, count: 5, maximum: 0, into: &result) == 1)
        #expect(result == [0, 0, 1, 0, 0])
    }

    @Test(arguments: [0, 1, 15, 16, 17, 31, 32, 100])
    func maximumAndSumsPassOverTheUnusable(_ count: Int) {
        var values = (0..<count).map { Float($0 * 7 % 13) }
        for place in stride(from: 0, to: count, by: 5) { values[place] = place % 2 == 0 ? .nan : -.infinity }
        let usable = values.filter { $0 > -.infinity }
        #expect(FloatScan.maximum(values, count: count) == usable.max() ?? -.infinity)
        let (number, sum) = FloatScan.sum(values, count: count)
        #expect(number == usable.count)
        #expect(sum == usable.reduce(0) { $0 + Double($1) })
        let squares = FloatScan.squaredDeviations(values, count: count, from: 3)
        #expect(squares == usable.reduce(0) { $0 + pow(Double($1) - 3, 2) })
    }

    @Test func everyValueFromAThresholdOnIsVisited() {
        let values = (0..<100).map { Float($0 * 37 % 101) } + [.nan]
        for threshold in [0, 50, 99.5, 1000] as [Float] {
            var places: [Int] = []
            FloatScan.forEach(in: values, count: values.count, atLeast: threshold) { places.append($0) }
            #expect(places == values.indices.filter { values[$0] >= threshold })
        }
    }
}
