package import Freshet

/// Prompts of known lengths, no two of which begin alike, so that none is in a server's memory already.
package struct Prompts: Sendable {
    /// What prompts are made of.
    package enum Kind: String, Sendable, CaseIterable {
        /// Token ids, which are exact. The ids are text in every vocabulary, the tiny ones too.
        case tokens = "token ids"
        /// Short words, of which nearly every vocabulary has one token each; the provider's count is what is reported.
        case text = "words"
        /// The same in a conversation, for a server that has nothing else.
        case messages = "messages"
    }

    /// How they are sent.
    let manner: Manner
    private let seed: Int
    private var count = 0

    /// A row of prompts that the seed decides, within one process.
    package init(_ manner: Manner, seed: Int) { (self.manner, self.seed) = (manner, seed) }

    /// What a prompt is made of, piece by piece, so that another can begin like it.
    package struct Content: Sendable, Hashable {
        fileprivate var numbers: [Int]

        /// Whether it holds nothing.
        var isEmpty: Bool { numbers.isEmpty }

        /// The content with more behind it.
        package static func + (first: Content, second: Content) -> Content {
            Content(numbers: first.numbers + second.numbers)
        }
    }

    /// The next content, of that many tokens.
    package mutating func next(_ count: Int) -> Content {
        Content(numbers: (0..<count).map { _ in 300 + random(below: 700) })
    }

    /// A content as it is sent.
    package func prompt(_ content: Content) -> Prompt {
        switch manner.kind {
        case .tokens: .tokens(content.numbers.map { Token($0) })
        case .text: .text(Self.text(content))
        case .messages: .messages([Message(role: .user, content: Self.text(content))])
        }
    }

    private static func text(_ content: Content) -> String {
        content.numbers.map { words[$0 % words.count] }.joined(separator: " ")
    }

    /// Frequent English words.
    private static let words = """
        the of and to in is was that for it with as his on be at by had not are but from or have an they which one you \
        were her all she there would their we him been has when who will more no if out so said what up its about into \
        than them can only other new some could time these two may then
        """.split(separator: " ")

    /// Swift seeds its hashes anew in every process: a server that outlives this one has none of the next one's prompts
    /// in memory.
    private mutating func random(below bound: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(seed)
        hasher.combine(count)
        count += 1
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(bound))
    }
}
