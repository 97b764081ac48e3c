internal import Freshet

/// A smaller model that guesses what another will say.
struct DraftModel: Sendable {
    private let model: LlamaModel
    private let options: LlamaOptions
    /// Tokens below this are the same in both models.
    let vocabularySize: Int

    /// Tokens that one vocabulary may have more than the other, as makers fill them up to round numbers; llama.cpp's own
    /// bound.
    private static let paddingLimit = 128

    /// Loads the model that the options name, if they name one; blocks while it does.
    ///
    /// - Parameters:
    ///   - other: the model whose answers it is to guess.
    ///   - progress: called with 0…1, on this thread; answering `false` stops loading.
    /// - Throws: ``GenerationError`` that says why it cannot be loaded, or cannot guess for that model.
    init?(
        _ options: LlamaOptions, for other: LlamaModel, progress: @escaping @Sendable (Double) -> Bool
    ) throws(GenerationError) {
        guard let path = options.draftModelPath else { return nil }
        guard other.isTrimmable, other.isSavable else {
            throw .invalid(
                "draft",
                "is of no use: the model's memory is recurrent or a sliding window, from which a wrong guess "
                    + "cannot be taken back")
        }
        var load = options.load
        // They were made for the other model.
        load.adapters = []
        model = try LlamaModel(path: path, options: load, progress: progress)
        guard model.isTrimmable, model.isSavable else {
            throw .invalid(
                "draft",
                "names a model whose memory is recurrent or a sliding window, from which a wrong guess cannot "
                    + "be taken back")
        }
        var options = options
        options.contextLength = options.contextLength(for: other)
        self.options = options
        vocabularySize = min(model.vocabularySize, other.vocabularySize)
        guard abs(model.vocabularySize - other.vocabularySize) <= Self.paddingLimit else {
            throw .invalid(
                "draft",
                "names a model of another vocabulary: it has \(model.vocabularySize) tokens, and the model "
                    + "\(other.vocabularySize)")
        }
        let (own, others) = (model.vocabulary, other.vocabulary)
        for token in 0..<Token(vocabularySize) {
            var (bytes, otherBytes): ([UInt8], [UInt8]) = ([], [])
            own.append(bytesOf: token, to: &bytes)
            others.append(bytesOf: token, to: &otherBytes)
            guard bytes == otherBytes else {
                throw .invalid("draft", "names a model of another vocabulary: token \(token) is another text there")
            }
        }
        LlamaLog.write(
            LlamaLog.Line(level: .info, text: "drafts: \(model.name) guesses what \(other.name) will say"))
    }

    /// About how many bytes each slot takes in its context.
    var contextByteCount: Int { options.contextByteCount(of: model) }

    /// Makes a context for as many slots, on the engine's thread.
    ///
    /// - Parameter other: what computes the model whose answers it is to guess.
    /// - Throws: ``GenerationError`` with code `outOfMemory` when its memory cannot be had.
    func makeBackend(slots: Int, beside other: any Backend) throws(GenerationError) -> any Backend {
        try other.makeBackend(for: model, options, slots: slots)
    }
}
