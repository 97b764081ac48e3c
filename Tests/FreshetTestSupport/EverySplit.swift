/// Ways to cut a row of elements into pieces, for whatever must not depend on the cuts: the whole, one element at a
/// time, every cut into two and into three (empty pieces included), and random cuts.
///
/// ```swift
/// for pieces in EverySplit(bytes) {
///     var assembler = UTF8Assembler()
///     #expect(pieces.map { assembler.append($0) }.joined() == expected)
/// }
/// ```
public struct EverySplit<Element: Sendable>: Sequence {
    private let whole: [Element]
    private let randomCount: Int
    private let seed: UInt64

    /// Cuts of `whole`, `randomCount` of them at random. There are about n²/2 others for n elements.
    public init(_ whole: some Sequence<Element>, randomCount: Int = 32, seed: UInt64 = 1) {
        self.whole = Array(whole)
        self.randomCount = randomCount
        self.seed = seed
    }

    /// Begins with the first way to cut.
    public func makeIterator() -> AnyIterator<[ArraySlice<Element>]> {
        let count = whole.count
        let single = [[], Array(0...count)]
        let two = (0...count).lazy.map { [$0] }
        let three = (0...count).lazy.flatMap { first in (first...count).lazy.map { [first, $0] } }
        var generator = SeededGenerator(seed: seed)
        let random = (0..<randomCount).map { _ in
            let density = Double.random(in: 0...1, using: &generator)
            return (0...count).filter { _ in Double.random(in: 0..<1, using: &generator) < density }
        }
        var cuts = [AnySequence(single), AnySequence(two), AnySequence(three), AnySequence(random)].joined()
            .makeIterator()
        return AnyIterator {
            cuts.next().map { places in
                zip([0] + places, places + [count]).map { whole[$0..<$1] }
            }
        }
    }
}

extension EverySplit<Character> {
    /// A text's scalars as pieces of text: cuts that a filter of whole scalars may meet.
    public static func scalars(of text: String, randomCount: Int = 32, seed: UInt64 = 1) -> some Sequence<[String]> {
        EverySplit<Unicode.Scalar>(text.unicodeScalars, randomCount: randomCount, seed: seed).lazy.map { pieces in
            pieces.map { piece in
                var text = ""
                text.unicodeScalars.append(contentsOf: piece)
                return text
            }
        }
    }
}
