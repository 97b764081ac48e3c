import Testing

@testable import FreshetLlama

struct LargestSelectorTests {
    @Test func findsWhatSortingFinds() {
        var cases = SamplingCases(seed: 11)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<8 {
                let count = cases.vocabularySize()
                let values = cases.logits(shape, count: count)
                for k in [1, 2, 40, 128, 129, count, count + 1] { expectSorted(values, k: k) }
            }
        }
    }

    @Test func passesOverWhatCannotBeChosen() {
        #expect(find([.nan, -.infinity, 2, .nan, 1], k: 5) == [2, 4])
        #expect(find([.nan, .nan], k: 1) == [])
        #expect(find([], k: 1) == [])
        #expect(find([1], k: 0) == [])
        var values = [Float](repeating: .nan, count: 1000)
        (values[300], values[999]) = (-5, -.greatestFiniteMagnitude)
        for k in [1, 2, 3, 128, 129, 1000] { expectSorted(values, k: k) }
    }

    @Test func equalValuesKeepTheirOrder() {
        let values: [Float] = [0, -0.0, 3, .infinity, 3, .infinity, 0]
        for k in 1...7 { #expect(find(values, k: k) == Array([3, 5, 2, 4, 0, 1, 6].prefix(k))) }
        // Beyond the small list, and through blocks of nothing but equals.
        let many = values + [Float](repeating: 3, count: 2000)
        for k in [100, 128, 129, 500] { expectSorted(many, k: k) }
    }

    private func expectSorted(_ values: [Float], k: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        let order = values.indices.filter { values[$0] > -.infinity }.sorted { (-values[$0], $0) < (-values[$1], $1) }
        let isSame = find(values, k: k) == Array(order.prefix(k))
        #expect(isSame, "\(values.count) values, k \(k)", sourceLocation: sourceLocation)
    }

    private func find(_ values: [Float], k: Int) -> [Int] {
        let selector = LargestSelector(capacity: max(1, values.count))
        let found = values.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { selector.find(k, of: $0, count: buffer.count) } ?? 0
        }
        return (0..<found).map { Int(selector.indices[$0]) }
    }
}
