internal import Freshet

/// One way to compute a model, ready to be timed. It belongs to the thread that made it.
final class SpeedProbe {
    private let context: LlamaContext
    private let model: LlamaModel
    private let shouldStop: () -> Bool
    private var batch: Batch
    private var position = 0

    /// Makes a context with memory for `length` tokens.
    ///
    /// - Parameter shouldStop: asked many times during a measurement; `true` ends it.
    /// - Throws: ``GenerationError`` when its memory cannot be had.
    init(
        _ model: LlamaModel, _ settings: TunedSettings, length: Int, shouldStop: @escaping () -> Bool
    ) throws(GenerationError) {
        var options = LlamaOptions(modelPath: model.path)
        settings.apply(to: &options)
        options.contextLength = length
        context = try LlamaContext(model: model, options: options, slots: 1)
        self.model = model
        self.shouldStop = shouldStop
        batch = Batch(capacity: options.batchSize)
    }

    /// How much is computed for one speed.
    struct Work: Hashable {
        /// Tokens of the prompt.
        var promptLength: Int
        /// Tokens of the answer.
        var answerLength: Int
    }

    /// Tokens a second of a prompt and of the answer behind it, the best of two tries each: what else the machine does
    /// makes a try slower and never faster.
    ///
    /// - Throws: ``GenerationError`` with code `cancelled` when it was stopped, or what llama.cpp says.
    func speeds(_ work: Work, _ objectives: [TuningObjective]) throws(GenerationError) -> TuningSearch.Speeds {
        var speeds: TuningSearch.Speeds = [:]
        let measuresPrompt = objectives.contains(.prompt)
        for _ in 0..<2 {
            // An answer can be timed behind any prompt.
            let length = measuresPrompt ? work.promptLength : min(32, work.promptLength)
            let prompt = try time { () throws(GenerationError) in try prefill(length) }
            if measuresPrompt { speeds[.prompt] = max(speeds[.prompt] ?? 0, Double(length) / prompt) }
            guard objectives.contains(.decode) else { continue }
            let answer = try time { () throws(GenerationError) in try decode(work.answerLength) }
            speeds[.decode] = max(speeds[.decode] ?? 0, Double(work.answerLength) / answer)
        }
        return speeds
    }

    /// Computes a prompt of so many tokens, as the engine does that of a single request.
    private func prefill(_ count: Int) throws(GenerationError) {
        context.truncate(0, to: 0)
        position = 0
        while position < count {
            batch.removeAll()
            let piece = min(context.batchCapacity, count - position)
            for place in position..<(position + piece) {
                batch.append(token(place), position: place, sequence: 0, wantsLogits: place == count - 1)
            }
            try compute()
        }
    }

    /// Computes so many tokens one by one.
    private func decode(_ count: Int) throws(GenerationError) {
        for _ in 0..<count {
            batch.removeAll()
            batch.append(token(position), position: position, sequence: 0, wantsLogits: true)
            try compute()
        }
    }

    private func compute() throws(GenerationError) {
        switch try context.decode(batch, shouldInterrupt: shouldStop) {
        case .computed: position += batch.count
        case .interrupted: throw GenerationError(.cancelled, "Measuring was stopped.")
        case .noRoom: throw GenerationError(.engineFailed, "The context has no room for what is measured.")
        }
    }

    private func time(_ work: () throws(GenerationError) -> Void) throws(GenerationError) -> Double {
        let start = ContinuousClock.now
        try work()
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// Some token for a place; speed does not depend on which.
    private func token(_ place: Int) -> Token {
        Token((UInt64(place) &* 0x9E37_79B9_7F4A_7C15 >> 33) % UInt64(max(1, model.vocabularySize)))
    }
}
