internal import Freshet

/// How the vectors of a text's tokens become the text's.
public enum Pooling: String, Sendable, Hashable, CaseIterable {
    /// Their mean.
    case mean
    /// The first token's, where a model was trained to sum the text up in it.
    case cls
    /// The last token's, which in a model that reads from left to right is the only one that knows the whole text.
    case last
}

extension LlamaModel {
    /// How the model is to be pooled: as asked, or else as its file says, or else by its mean where every token sees
    /// the whole text, and by the last token where it does not.
    ///
    /// - Throws: ``GenerationError`` for a model that computes no embeddings, or a kind that makes no sense for it.
    func pooling(_ asked: Pooling?) throws(GenerationError) -> Pooling {
        let stated = embeddingKind
        guard canEmbed, stated != 4 else {
            throw GenerationError(
                .modelUnusable,
                "The model \(path) computes no embeddings: "
                    + (stated == 4 ? "it ranks texts." : "it is of another kind, or has no tokenizer."))
        }
        // llama.cpp's numbers; 0 is none.
        let own: [Int: Pooling] = [1: .mean, 2: .cls, 3: .last]
        let pooling = asked ?? stated.flatMap { own[$0] } ?? (isEncoder ? .mean : .last)
        guard isEncoder || pooling != .cls else {
            throw .invalid("pooling", "cannot be cls: in this model the first token sees nothing of the rest")
        }
        return pooling
    }

    private var embeddingKind: Int? {
        let entries = metadata
        guard let name = entries.first(where: { $0.key == "general.architecture" })?.value.string else { return nil }
        return entries.first { $0.key == name + ".pooling_type" }?.value.integer
    }
}
