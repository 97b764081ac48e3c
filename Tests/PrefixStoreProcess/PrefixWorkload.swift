import FreshetLlama
package import FreshetTestSupport

/// Prompts of whole blocks, many of which begin alike, and what a store is to keep of each block: both
/// follow from a few small numbers, so that another process can tell whether what it finds is right.
package enum PrefixWorkload {
    /// Different blocks that there are at each place of a prompt.
    package static let variety = 2
    /// The most blocks of a prompt.
    package static let depth = 6

    /// The prompt of some blocks, each given by its number.
    package static func prompt(_ blocks: some Sequence<Int>) -> [Int32] {
        blocks.flatMap { block in (0..<PrefixStore.blockLength).map { Int32(block * 1000 + $0) } }
    }

    /// A random prompt's blocks.
    package static func blocks(using generator: inout SeededGenerator) -> [Int] {
        (0..<Int.random(in: 1...depth, using: &generator)).map { _ in Int.random(in: 0..<variety, using: &generator) }
    }

    /// The blocks of every prompt, shorter ones first.
    package static var all: [[Int]] {
        var all: [[Int]] = []
        var last: [[Int]] = [[]]
        for _ in 0..<depth {
            last = last.flatMap { blocks in (0..<variety).map { blocks + [$0] } }
            all += last
        }
        return all
    }

    /// What is kept of the last of some blocks: 1 to 3,000 bytes.
    package static func payload(_ blocks: some Sequence<Int>) -> [UInt8] {
        var generator = SeededGenerator(seed: blocks.reduce(1) { $0 * 31 + UInt64($1) + 7 })
        let count = Int.random(in: 1...3000, using: &generator)
        return (0..<count).map { _ in .random(in: .min ... .max, using: &generator) }
    }
}
