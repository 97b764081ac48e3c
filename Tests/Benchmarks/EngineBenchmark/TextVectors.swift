import Freshet
import FreshetBench

/// Vectors of texts, of one length, sent in one request: how many of their tokens are computed in a second.
struct TextVectors: Experiment {
    private let count: Int
    private let length: Int

    /// So many texts of so many tokens.
    init(_ count: Int, length: Int) { (self.count, self.length) = (count, length) }

    var topic: Topic { .prompt }
    var title: String { count == 1 ? "embed 1 text of \(length)" : "embed \(count) texts of \(length)" }
    var needs: Needs {
        Needs(streams: 1, contextLength: length, promptTokens: count * length, answerTokens: 0)
    }

    func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let embedder = contender.provider as? any EmbeddingProvider else {
            throw GenerationError(.invalidRequest, "It computes no embeddings.")
        }
        var prompts = occasion.prompts
        let inputs = (0..<count).map { _ in
            guard case .tokens(let tokens) = prompts.prompt(prompts.next(length)) else {
                return EmbeddingRequest.Input.text("")
            }
            return .tokens(tokens)
        }
        let start = ContinuousClock.now
        _ = try await embedder.embed(EmbeddingRequest(inputs: inputs))
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let parameters = Measurement.Parameters(promptLength: length, streams: count)
        return Turn([Figure(title, parameters, in: .tokensPerSecond, Double(count * length) / seconds)])
    }
}
