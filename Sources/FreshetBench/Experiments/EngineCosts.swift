package import Freshet

/// What the way of a token costs beside a bare loop: the same answer through the engine, the sampler, the text and the
/// stream, and in a loop in C that only calls llama.cpp's decoder and its sampler.
package struct LoopCost: Experiment {
    private let length: Int

    /// An answer of that many tokens.
    package init(length: Int) { self.length = length }

    package var topic: Topic { .loop }
    package var title: String { "tg\(length) beside a bare loop" }
    package var needs: Needs {
        Needs(streams: 1, contextLength: length + 1, promptTokens: 2, answerTokens: 2 * length + 1, isLocal: true)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let instruments = contender.instruments else { return Turn([]) }
        let tokens: [Token] = [300]
        // Which of them begins changes from round to round.
        var bare: Instruments.BareLoopTime?
        if occasion.round % 2 == 1 { bare = try await instruments.bareLoop(tokens, length) }
        let answers = [1, length].map {
            Workload([Workload.Planned("answer", prompt: .tokens(tokens), answerLength: $0)])
        }
        // The bare loop, too, computes a token before its time begins.
        let timeline = try await run(answers[0], answers[1], on: contender, occasion)[1][0]
        let loop = if let bare { bare } else { try await instruments.bareLoop(tokens, length) }
        return Turn(figures(of: timeline, beside: loop))
    }

    /// What the two times say.
    func figures(of timeline: Timeline, beside loop: Instruments.BareLoopTime) -> [Figure] {
        let parameters = Measurement.Parameters(answerLength: length)
        let (count, total, bare) = (Double(length), timeline.total, loop.total / .seconds(1))
        return [
            Figure("tg\(length), every step", parameters, in: .tokensPerSecond, total.map { count / $0 }),
            Figure("tg\(length), bare C loop", parameters, in: .tokensPerSecond, count / bare),
            Figure("share of the bare loop's speed", parameters, in: .percent, total.map { 100 * bare / $0 }),
            Figure(
                "more than the bare loop, a token", parameters, in: .microseconds,
                total.map { 1e6 * ($0 - bare) / count }),
            Figure(
                "llama.cpp's sampler, a token", parameters, in: .microseconds,
                1e6 * (loop.sampling / .seconds(1)) / count),
        ]
    }
}

/// The processor time of one token's sampling, with the defaults.
package struct SamplerCost: Experiment {
    /// The default chain.
    package init() {}

    package var topic: Topic { .sampler }
    package var title: String { "sampler, a token" }
    package var needs: Needs { .none }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let instruments = contender.instruments else { return Turn([]) }
        let time = try await ProcessorTime.perCall(of: instruments.makeSampling)
        return Turn([Figure(title, in: .microseconds, time)])
    }
}

/// How many chunks a second one processor writes as server-sent events.
package struct ChunkCost: Experiment {
    /// Chunks of a word each.
    package init() {}

    package var topic: Topic { .chunks }
    package var title: String { "chunks written as events" }
    package var needs: Needs { .none }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let instruments = contender.instruments else { return Turn([]) }
        let time = try await ProcessorTime.perCall(of: instruments.makeEncoding)
        return Turn([Figure(title, in: .chunksPerSecond, 1e6 / time)])
    }
}

extension Needs {
    /// What is measured without asking the model, but for the token with which every run begins.
    fileprivate static let none = Needs(
        streams: 1, contextLength: 16, promptTokens: 0, answerTokens: 8, isLocal: true)
}
