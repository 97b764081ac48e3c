public import Freshet

/// Requests of every kind that a model can serve: messages, text and token ids, greedy and seeded, with all the
/// sampler's options, stops that will be met, several choices, and Unicode.
///
/// ```swift
/// var requests = RandomRequest(seed: 7, vocabularySize: 2048)
/// let request = requests.next()
/// ```
public struct RandomRequest {
    private var generator: SeededGenerator
    private let vocabularySize: Int

    /// A row of requests that the seed decides.
    ///
    /// - Parameter vocabularySize: token ids are below it.
    public init(seed: UInt64, vocabularySize: Int) {
        generator = SeededGenerator(seed: seed)
        self.vocabularySize = vocabularySize
    }

    /// The next request. It is valid, and what it gives depends on nothing but the model.
    public mutating func next() -> GenerationRequest {
        let sampling = sampling()
        return GenerationRequest(
            prompt: prompt(), sampling: sampling, maxTokens: Int.random(in: 0...32, using: &generator),
            responseFormat: generator.chance(0.3) ? generator.pick(Self.formats) : .text, stop: stops(),
            choiceCount: generator.pick([1, 1, 1, 2, 3]), shiftsContext: generator.chance(0.2),
            client: generator.pick(["", "alice", "b/o\"b 日本"]), weight: generator.pick([1, 1, 7, 100]),
            reportsProgress: generator.chance(0.3), reusesPrefix: generator.chance(0.5),
            logProbabilities: generator.pick([nil, nil, nil, 0, 3]),
            // Without a seed one is taken by chance, and told.
            isReproducible: sampling.seed != nil && generator.chance(0.3))
    }

    private static let texts = [
        "Once upon a time", "The dragon", "Q: What colour is the sky?\nA:", "naïve café – 日本語", "🙂👩‍👩‍👧‍👦", "\u{301}a\u{1}b",
        "  spaces\tand\r\nlines\n\n", "Write a JSON object with name Mia, age 7 and pet cat.", "My name is Tobin.",
        "What is my name?", "\"quotes\" \\ and / slashes \u{2028}", "<|end|>", "Übung macht den Meister 😀",
    ]
    private static let formats: [ResponseFormat] = [
        .jsonObject, .jsonSchema(#"{"type": "array", "items": {"enum": ["é", 1, null]}, "maxItems": 5}"#),
        .grammar("root ::= [a-z .]* \"\\n\""), .regex(#"(Yes|No), .{0,20}\."#),
    ]
    private static let stopTexts = [".", " the", "\n", "é", "🙂", " a", "\"", "ing", ". ", "The end.", "日"]

    private mutating func prompt() -> Prompt {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return .text(text())
        case 1: return .tokens((0..<Int.random(in: 1...20, using: &generator)).map { _ in token() })
        default:
            var messages = generator.chance(0.4) ? [Message(role: .system, content: text())] : []
            for turn in 0..<(2 * Int.random(in: 0...2, using: &generator) + 1) {
                messages.append(Message(role: turn.isMultiple(of: 2) ? .user : .assistant, content: text()))
            }
            return .messages(messages)
        }
    }

    private mutating func text() -> String {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in generator.pick(Self.texts) }.joined(separator: " ")
    }

    private mutating func stops() -> [String] {
        generator.chance(0.5)
            ? [] : (0..<Int.random(in: 1...3, using: &generator)).map { _ in generator.pick(Self.stopTexts) }
    }

    private mutating func sampling() -> SamplingOptions {
        guard generator.chance(0.7) else { return .greedy }
        var options = SamplingOptions()
        options.seed = UInt64.random(in: .min ... .max, using: &generator)
        options.temperature = generator.pick([0.2, 0.8, 1, 1.37])
        if generator.chance(0.3) { options.topK = generator.pick([0, 1, 5, 100]) }
        if generator.chance(0.3) { options.topP = generator.pick([0.3, 0.9, 1]) }
        if generator.chance(0.3) { options.minP = generator.pick([0, 0.1, 0.333]) }
        if generator.chance(0.2) { options.typicalP = 0.7 }
        if generator.chance(0.2) { options.topNSigma = 1.5 }
        if generator.chance(0.2) { (options.xtcProbability, options.xtcThreshold) = (0.5, 0.05) }
        if generator.chance(0.2) { (options.dynamicTemperatureRange, options.dynamicTemperatureExponent) = (0.3, 1.5) }
        if generator.chance(0.3) { (options.repeatPenalty, options.penaltyLastN) = (1.15, generator.pick([-1, 16])) }
        if generator.chance(0.2) { (options.frequencyPenalty, options.presencePenalty) = (0.4, -0.2) }
        if generator.chance(0.2) {
            (options.dryMultiplier, options.dryAllowedLength, options.dryPenaltyLastN) = (0.8, 1, -1)
        }
        if generator.chance(0.1) { options.drySequenceBreakers = ["é", "\n"] }
        if generator.chance(0.2) { options.mirostat = generator.pick([.v1, .v2]) }
        if generator.chance(0.2) {
            // Both may be of one token.
            options.logitBias = [token(): 2.25]
            options.logitBias[token()] = -.infinity
        }
        if generator.chance(0.2) { options.ignoresEndOfGeneration = true }
        if generator.chance(0.1) { options.stages = [.topK, .temperature] }
        if generator.chance(0.1) { options.minKeep = 3 }
        return options
    }

    private mutating func token() -> Token { Token.random(in: 0..<Token(vocabularySize), using: &generator) }
}
