public import Freshet

/// Whether an answer was found again.
public struct Verification: Sendable, Hashable {
    /// The first token that is another one.
    public struct Difference: Sendable, Hashable {
        /// Which answer, from 0, and which of its tokens.
        public var answer, position: Int
        /// The token that the manifest has, and the one that came in its place.
        public var expected, found: Token
        /// The log-probability of the manifest's token as the manifest has it, and as it is here.
        public var recorded, expectedHere: Float
        /// The log-probability of the token that came.
        public var foundHere: Float
        /// How far apart the log-probabilities of the two may be for rounding to decide between them, by the manifest's
        /// way to draw. See ``Verification/verdict``.
        public var reach: Float
    }

    /// How many tokens were the same.
    public var matchingTokens: Int
    /// The largest difference of the log-probabilities of those.
    public var drift: Float
    /// Where the first difference is; `nil` where everything is the same.
    public var difference: Difference?

    /// How far a log-probability may move and still be rounding's doing: other kernels and other layouts of the weights
    /// moved it by up to 0.02. See ``Verification/verdict``.
    public static let rounding: Float = 0.05
}

extension LlamaProvider {
    /// Computes the answers of a manifest again and compares every token, up to the first difference.
    ///
    /// - Throws: ``GenerationError`` when the manifest is another model's, or has tokens that this one does not, or has
    ///   nothing to compare, or when the computation fails.
    public func verify(_ manifest: Manifest) async throws(GenerationError) -> Verification {
        try manifest.check(fingerprint: llama.fingerprint, of: llama.path)
        try manifest.checkAnswers()
        for (name, tokens) in [("prompt", manifest.prompt), ("form", manifest.form?.tokens ?? [])]
            + manifest.answers.map({ ("answers", $0.tokens) })
        {
            guard let stray = tokens.first(where: { !llama.vocabulary.contains($0) }) else { continue }
            throw .invalid(name, "holds token \(stray), but the vocabulary has \(llama.vocabulary.count)")
        }
        var result = Verification(matchingTokens: 0, drift: 0)
        for (index, answer) in manifest.answers.enumerated() {
            let comparison = AnswerComparison(of: answer, index: index, in: manifest)
            var request = GenerationRequest(
                prompt: .tokens(manifest.prompt), sampling: manifest.sampling, maxTokens: answer.tokens.count,
                responseFormat: manifest.responseFormat, shiftsContext: manifest.shiftsContext, isReproducible: true)
            request.sampling.seed = request.sampling.seed.map { $0 &+ UInt64(index) }
            let stream = try await stream(request, form: manifest.form, onToken: comparison.take)
            for try await _ in stream where comparison.result.difference != nil { break }
            result.matchingTokens += comparison.result.matchingTokens
            result.drift = max(result.drift, comparison.result.drift)
            result.difference = comparison.result.difference
            if result.difference != nil { break }
            guard comparison.result.matchingTokens == answer.tokens.count else {
                throw .invalid(
                    "answers[\(index)]",
                    "has \(answer.tokens.count) tokens, but the manifest's own settings end it after the "
                        + "\(comparison.result.matchingTokens) that are the same")
            }
        }
        return result
    }
}

extension Manifest {
    /// Checks that a model's file is the one that the manifest is of.
    ///
    /// - Throws: ``GenerationError`` that says which file it is of.
    public func check(fingerprint: String, of path: String) throws(GenerationError) {
        guard environment.fingerprint == fingerprint else {
            let names = environment.adapters.joined(separator: " and ")
            let adapters = names.isEmpty ? "" : " with \(names),"
            throw GenerationError(
                .invalidRequest,
                "The manifest is of another model: “\(environment.model)”\(adapters) with the fingerprint "
                    + "\(environment.fingerprint), but that of \(path) is \(fingerprint).")
        }
    }
}

/// Compares the tokens of an answer as they are drawn.
private final class AnswerComparison: @unchecked Sendable {
    // Sendable: the variables are read and written under `monitor` only.
    private let answer: Manifest.Answer
    private let index: Int
    private let sampling: SamplingOptions
    private let isHeld: Bool
    private let monitor = Monitor()
    private var position = 0
    private var found = Verification(matchingTokens: 0, drift: 0)

    init(of answer: Manifest.Answer, index: Int, in manifest: Manifest) {
        (self.answer, self.index, sampling) = (answer, index, manifest.sampling)
        isHeld = manifest.responseFormat != .text || manifest.form?.calls != nil
    }

    /// What has been found so far.
    var result: Verification { monitor.withLock { found } }

    /// Takes the next token, on the engine's thread.
    @Sendable func take(_ token: Token, _ logProbability: (Token) -> Float) {
        let position = monitor.withLock { self.position }
        guard position < answer.tokens.count, result.difference == nil else { return }
        let (expected, recorded) = (answer.tokens[position], answer.logProbabilities[position])
        let (expectedHere, foundHere) = (logProbability(expected), logProbability(token))
        monitor.withLock {
            self.position += 1
            guard token == expected else {
                found.difference = Verification.Difference(
                    answer: index, position: position, expected: expected, found: token, recorded: recorded,
                    expectedHere: expectedHere, foundHere: foundHere,
                    reach: sampling.reach(between: expected, and: token, isHeld: isHeld))
                return
            }
            found.matchingTokens += 1
            found.drift = max(found.drift, Verification.distance(recorded, foundHere))
        }
    }
}
