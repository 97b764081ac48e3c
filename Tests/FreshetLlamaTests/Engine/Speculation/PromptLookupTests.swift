import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

struct PromptLookupTests {
    private func tokens(_ text: String) -> [Token] { text.utf8.map { Token($0) } }

    /// What a fresh index drafts at the end of a text.
    private func draft(_ text: String, limit: Int) -> String? {
        var lookup = PromptLookup(contextLength: 100)
        let tokens = tokens(text)
        lookup.learn(tokens)
        return lookup.match(in: tokens).map { match in
            let draft = lookup.continuation(of: match, in: tokens, limit: limit)
            return String(decoding: draft.map { UInt8($0) }, as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("", nil), ("a", nil), ("abc", nil), ("ab-a", nil), ("ab-ab", "-ab-"), ("abcd-ab", "cd-a"),
            // Of two that are as long the latest, of two that are not the longer one.
            ("abX-abY-ab", "Y-ab"), ("1234abX-4abY-1234ab", "X-4a"), ("aaaa", "aaaa"), ("xababab", "abab"),
        ] as [(String, String?)])
    func theLongestEndThatStoodBeforeGoesOnAsItDid(text: String, expected: String?) {
        #expect(draft(text, limit: 4) == expected)
    }

    /// A copy in which a token was replaced goes on behind it at once.
    @Test func aReplacedTokenIsPassed() {
        var (lookup, written, drafted) = (PromptLookup(contextLength: 100), tokens("abcdefgh|"), "")
        for token in tokens("abcXefgh") {
            lookup.learn(written)
            drafted += lookup.match(in: written).map { String(UnicodeScalar(UInt8(written[$0.source]))) } ?? "?"
            written.append(token)
        }
        #expect(drafted == "??cdefgh")
    }

    /// However tokens come, in whichever pieces: what is found is there, it is as long as it says, and of the last two,
    /// four or eight tokens that stood before hardly any are missed, for two n-grams may have the same hash.
    @Test func whatIsFoundIsThere() {
        var (found, missed) = (0, 0)
        for seed in 0..<(200 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let letters = Token.random(in: 1...6, using: &random)
            var lookup = PromptLookup(contextLength: 300)
            var tokens: [Token] = []
            while tokens.count < 300 {
                for _ in 0..<Int.random(in: 1...random.pick([1, 3, 40]), using: &random) {
                    tokens.append(Token.random(in: 0..<letters, using: &random))
                }
                lookup.learn(tokens)
                let match = lookup.match(in: tokens)
                if let match {
                    let agreeing = zip(tokens[..<match.source].reversed(), tokens.reversed()).prefix { $0 == $1 }.count
                    #expect(match.source < tokens.count && match.length == min(agreeing, PromptLookup.longest))
                }
                for order in [2, 4, 8] where order < tokens.count {
                    let end = tokens.suffix(order)
                    let stoodBefore = (order..<tokens.count).contains { tokens[($0 - order)..<$0] == end }
                    guard stoodBefore else { continue }
                    if match?.length ?? 0 >= order { found += 1 } else { missed += 1 }
                }
            }
            lookup.reset()
            lookup.learn([7, 8, 9])
            #expect(lookup.match(in: [7, 8, 9]) == nil)
        }
        #expect(missed * 50 < found, "\(missed) missed, \(found) found")
    }
}
