public import Freshet

/// Streams of every shape that ``ChunkGrammar`` allows and a wire can carry: several choices that take turns, every
/// kind of content, Unicode that is easily broken, metadata.
///
/// ```swift
/// var streams = RandomStream(seed: 7)
/// let chunks = streams.next()
/// ```
public struct RandomStream {
    private var generator: SeededGenerator

    /// A row of streams that the seed decides.
    public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The next stream, whole, with everything that a conversation may have.
    public mutating func next() -> [Chunk] {
        let choices = (0..<generator.pick([1, 1, 1, 2, 3])).map { choice($0) }
        return stream(takingTurns(choices) + [(0, end())])
    }

    /// The next stream of plain text: choices that take turns, each of them its role, text,
    /// log-probabilities and its finish.
    public mutating func nextPlain() -> [Chunk] {
        let choices = (0..<generator.pick([1, 1, 2, 3])).map { _ in
            [.role(.assistant)] + (generator.chance(0.3) ? progress() : [])
                + (0..<number(6)).map { _ in
                    generator.chance(0.3)
                        ? .logProbabilities((0...number(3)).map { _ in logProbability() })
                        : Chunk.Content.text(text(atLeast: 1))
                }
                + [.finish(finish(callsTools: false))]
        }
        return stream(takingTurns(choices) + [(0, end())])
    }

    /// The choices' contents in an order of chance, in which each choice keeps its own.
    private mutating func takingTurns(_ choices: [[Chunk.Content]]) -> [(index: Int, content: Chunk.Content)] {
        var (choices, contents) = (choices, [(index: Int, content: Chunk.Content)]())
        while let index = choices.indices.filter({ !choices[$0].isEmpty }).randomElement(using: &generator) {
            contents.append((index, choices[index].removeFirst()))
        }
        return contents
    }

    private mutating func stream(_ contents: [(index: Int, content: Chunk.Content)]) -> [Chunk] {
        let (id, created, model) = (text(), number(2_000_000_000), text())
        return contents.enumerated().map { place, item in
            Chunk(
                id: id, created: created, model: model, index: item.index, content: item.content,
                metadata: place > 0 && generator.chance(0.2) ? metadata(of: item.content) : nil)
        }
    }

    private mutating func choice(_ index: Int) -> [Chunk.Content] {
        let calls = generator.chance(0.3) ? (0..<1 + number(3)).map { $0 * generator.pick([1, 4]) } : []
        var begun: Set<Int> = []
        var contents: [Chunk.Content] = [.role(generator.pick(Role.allCases))]
        let progress = generator.chance(0.3) ? progress() : []
        contents = generator.chance(0.5) ? progress + contents : contents + progress
        for _ in 0..<number(12) {
            switch number(8) {
            case 0: contents.append(.reasoning(text(atLeast: 1)))
            case 1: contents.append(.refusal(text(atLeast: 1)))
            case 2: contents.append(.logProbabilities((0..<number(4)).map { _ in logProbability() }))
            case 3 where !calls.isEmpty:
                let call = generator.pick(calls)
                let isFirst = begun.insert(call).inserted
                contents.append(
                    .toolCall(
                        ToolCallFragment(
                            index: call, id: isFirst && generator.chance(0.8) ? "call \(index) \(call)" : nil,
                            name: isFirst ? text() : nil, arguments: text())))
            default: contents.append(.text(text(atLeast: 1)))
            }
        }
        return contents + [.finish(finish(callsTools: !begun.isEmpty))]
    }

    private mutating func progress() -> [Chunk.Content] {
        let total = number(1000)
        let cached = number(total + 1)
        let steps = (0..<number(3)).map { _ in cached + number(total - cached + 1) }.sorted()
        return steps.map { .progress(PromptProgress(processed: $0, cached: cached, total: total)) }
    }

    private mutating func finish(callsTools: Bool) -> Finish {
        let reasons: [FinishReason] = [.length, .contentFilter, .toolCalls, FinishReason(rawValue: "of its own")]
        let undecodable = (0..<number(3)).map { _ in UndecodableBytes(offset: number(9999), bytes: bytes(atLeast: 1)) }
        return Finish(
            generator.pick(callsTools ? reasons : reasons + [.stop]),
            stopSequence: generator.chance(0.3) ? text() : nil,
            undecodable: generator.chance(0.2) ? undecodable : [])
    }

    private mutating func end() -> Chunk.Content {
        let prompt = number(100_000)
        var usage = Usage(
            promptTokens: prompt, completionTokens: number(100_000), cachedTokens: number(prompt + 1))
        if generator.chance(0.3) { usage.reasoningTokens = number(usage.completionTokens + 1) }
        guard generator.chance(0.5) else { return .end(usage, nil) }
        let durations = (0..<3).map { _ in
            Duration.nanoseconds(number(generator.pick([1000, 1_000_000_000, 100_000_000_000_000])))
        }
        let drafted = generator.chance(0.3) ? number(1000) : 0
        return .end(
            usage,
            Timings(
                prompt: durations[0], decode: durations[1], firstToken: generator.chance(0.8) ? durations[2] : nil,
                draftedTokens: drafted, acceptedTokens: number(drafted + 1)))
    }

    private mutating func logProbability() -> TokenLogProbability {
        TokenLogProbability(token: candidate(), top: (0..<number(3)).map { _ in candidate() })
    }

    private mutating func candidate() -> TokenLogProbability.Candidate {
        .init(
            bytes: bytes(atLeast: 0),
            logProbability: generator.chance(0.1) ? -.infinity : -Float.random(in: 0...30, using: &generator))
    }

    /// Members of names that no one knows, in every place where a provider may have some.
    private mutating func metadata(of content: Chunk.Content) -> Metadata {
        var members: [String: JSONValue] = ["x_\(number(9))": value(depth: 3)]
        if case .end = content {
            members["usage"] = ["completion_tokens_details": ["audio_tokens": .integer(Int128(number(99)))]]
        } else if generator.chance(0.5) {
            members["choices"] = [["x choice": value(depth: 2)]]
        }
        return Metadata(remainder: .object(members))
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch number(depth > 0 ? 8 : 5) {
        case 0: .bool(generator.chance(0.5))
        case 1: .integer(generator.pick([0, 1, -1, Int128(Int64.min), Int128(UInt64.max), Int128(number(1 << 60))]))
        case 2: .number(number())
        case 3: .string(text())
        case 4: .string("")
        case 5: .array((0..<number(4)).map { _ in value(depth: depth - 1) })
        default: .object(Dictionary((0..<number(4)).map { _ in (text(), value(depth: depth - 1)) }) { $1 })
        }
    }

    /// A number of any size that is no whole one: JSON does not tell 1e20 from its digits.
    private mutating func number() -> Double {
        let double = Double(bitPattern: UInt64.random(in: .min ... .max, using: &generator))
        return double.isFinite && double.rounded() != double ? double : 0.5
    }

    private static let scraps = [
        "a", "\"", "\\", "/", "\n", "\r\n", "\t", "\u{0}", "\u{1F}", "\u{7F}", "\u{80}", "é", "e\u{301}", "\u{301}",
        "\u{2028}", "日本", "🍋", "👩‍👩‍👧", "\u{FEFF}", "\u{FFFD}", "\u{FFFF}", "\u{10FFFF}", "[DONE]", "data: ",
        "null", "{\"a\":1}", "\\u0041", " ",
    ]

    private mutating func text(atLeast least: Int = 0) -> String {
        (0..<least + number(4)).map { _ in generator.pick(Self.scraps) }.joined()
    }

    private mutating func bytes(atLeast least: Int) -> [UInt8] {
        (0..<least + number(4)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
}
