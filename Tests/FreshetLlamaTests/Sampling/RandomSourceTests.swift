import Testing

@testable import FreshetLlama

struct RandomSourceTests {
    /// The reference implementation's first numbers for this seed.
    @Test func isSplitMix64() {
        var random = RandomSource(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ]
        #expect((0..<5).map { _ in random.next() } == expected)
    }

    @Test func unitsStayBelowOneAndSpreadEvenly() {
        var random = RandomSource(seed: 3)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<20_000 {
            let unit = random.nextUnit()
            #expect(0..<1 ~= unit)
            counts[Int(unit * 10)] += 1
        }
        #expect(counts.allSatisfy { 1800...2200 ~= $0 }, "\(counts)")
    }
}
