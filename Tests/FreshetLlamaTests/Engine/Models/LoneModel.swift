import Freshet

@testable import FreshetLlama

/// A model by itself: one sequence in a memory of its own, computed by hand. What it would say is what an engine's
/// streams are held against.
final class LoneModel {
    /// The largest difference of logits that counts as a tie. What a token's logits are depends, in their last bits, on
    /// what else is in the batch and in which cells of memory the tokens before it lie; more so where memory is
    /// quantised. In ten thousand tokens of these models it was 0.005, and 0.05 of quantised ones. Another memory than
    /// the right one shows in whole units.
    let tie: Float
    private let context: LlamaContext
    private let forbidden: [Token]

    init(_ model: LlamaModel, _ options: LlamaOptions) throws(GenerationError) {
        context = try LlamaContext(model: model, options: options, slots: 1)
        tie = options.keyType == .f16 && options.valueType == .f16 ? 0.05 : 0.2
        forbidden = model.endOfGeneration + model.suppressed
    }

    /// How far each token of an answer is from the best one there: 0 where it is what the model says alone, and else
    /// the difference of the two logits. The tokens before are the answer's own, so that one difference is one.
    func margins(of answer: [Token], after prompt: [Token]) throws -> [Float] {
        try read(answer, after: prompt) { token, raw in
            var logits = raw
            for token in forbidden { logits[Int(token)] = -.infinity }
            return (logits.max() ?? 0) - logits[Int(token)]
        }
    }

    /// Calls `body` with each token of an answer and the model's logits at its place.
    func read<Result>(
        _ answer: [Token], after prompt: [Token], _ body: (Token, [Float]) throws -> Result
    ) throws -> [Result] {
        context.truncate(0, to: 0)
        var (tokens, computed) = (prompt, 0)
        return try answer.map { token in
            if tokens.count > context.contextLength { computed = shift(&tokens, promptCount: prompt.count) }
            let logits = try logits(after: tokens, computed: computed)
            computed = tokens.count
            tokens.append(token)
            return try body(token, logits)
        }
    }

    private func logits(after tokens: [Token], computed: Int) throws -> [Float] {
        var batch = Batch(capacity: context.batchCapacity)
        for begin in stride(from: computed, to: tokens.count, by: context.batchCapacity) {
            batch.removeAll()
            for position in begin..<min(begin + context.batchCapacity, tokens.count) {
                batch.append(
                    tokens[position], position: position, sequence: 0, wantsLogits: position == tokens.count - 1)
            }
            guard case .computed = try context.decode(batch, shouldInterrupt: { false }),
                context.nextPosition(of: 0) == begin + batch.count
            else { throw GenerationError(.engineFailed, "The model alone could not compute the tokens.") }
        }
        return Array(context.logits(at: batch.count - 1) ?? UnsafeBufferPointer(start: nil, count: 0))
    }

    /// Takes out tokens as ``Generation/shiftRange`` says, here said again.
    ///
    /// - Returns: how many of the rest are in memory.
    private func shift(_ tokens: inout [Token], promptCount: Int) -> Int {
        let kept = min(promptCount, context.contextLength / 4)
        let range = kept..<kept + (context.contextLength - kept) / 2
        tokens.removeSubrange(range)
        // The newest token is not in memory yet.
        if context.canShift, context.shift(0, removing: range) { return tokens.count - 1 }
        context.truncate(0, to: context.isTrimmable ? kept : 0)
        return context.nextPosition(of: 0)
    }
}
