import Freshet
import FreshetTestSupport

/// Prompts of tokens that are text in every model, no two of which begin alike.
struct Prompts {
    private var generator: SeededGenerator

    /// A row of prompts that the seed decides. Every vocabulary, the tiny ones too, has the tokens.
    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The next prompt, of that many tokens.
    mutating func next(_ count: Int) -> [Token] {
        (0..<count).map { _ in Token.random(in: 300..<1000, using: &generator) }
    }
}
