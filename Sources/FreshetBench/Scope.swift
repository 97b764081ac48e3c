internal import Freshet

/// How large the pieces of work are, and how many experiments follow from that.
package struct Scope: Sendable, Hashable {
    /// Tokens of the prompts whose speed, and first token, are measured.
    package var promptLengths = [512]
    /// Tokens in memory before what is timed.
    package var depths = [0]
    /// Tokens of the answers whose speed is measured.
    package var answerLength = 128
    /// Streams that run side by side; gaps are measured with the most of them.
    package var streams = [1, 4]
    /// Tokens of the prompt that disturbs other streams, or whose client leaves.
    package var longPrompt = 960

    /// What `freshet bench` measures by itself in a minute or two, on a model of half a billion parameters.
    package init() {}

    /// The topics that are measured when none is named.
    package static let quick: [Topic] = [
        .prompt, .decode, .firstToken, .gaps, .streams, .intruder, .cancel, .loop, .sampler, .chunks,
    ]

    /// The experiments of some topics, in their order.
    package func experiments(_ topics: [Topic]) -> [any Experiment] { topics.flatMap(experiments(about:)) }

    private func experiments(about topic: Topic) -> [any Experiment] {
        switch topic {
        case .prompt: depths.flatMap { depth in promptLengths.map { PromptSpeed(length: $0, depth: depth) } }
        case .decode: depths.map { DecodeSpeed(length: answerLength, depth: $0) }
        case .firstToken: promptLengths.map { FirstToken(length: $0) }
        case .restart: promptLengths.map { Restart(length: $0) }
        case .gaps: [Gaps(streams: streams.max() ?? 1)]
        case .streams: streams.map { Throughput(streams: $0) }
        case .memory: [ResidentMemory(streams: streams.max() ?? 1)]
        case .intruder: [Intruder(length: longPrompt)]
        case .cancel: [Departure(length: longPrompt)]
        case .slowReader: [SlowReader()]
        case .loop: [LoopCost(length: answerLength)]
        case .sampler: [SamplerCost()]
        case .chunks: [ChunkCost()]
        }
    }
}

extension [any Experiment] {
    /// The most that a turn takes: what a provider must have room for.
    package var needs: Needs {
        Needs(
            streams: map(\.needs.streams).max() ?? 1, contextLength: map(\.needs.contextLength).max() ?? 1,
            promptTokens: map(\.needs.promptTokens).max() ?? 0, answerTokens: map(\.needs.answerTokens).max() ?? 0)
    }

    /// Takes out what a side cannot do, and says why.
    ///
    /// - Parameters:
    ///   - contextLength: the tokens that a generation may have; `nil` where a server does not say.
    ///   - isLocal: whether the first side's model is in this process.
    package mutating func removeImpossible(contextLength: Int?, isLocal: Bool) -> [Report.Omission] {
        var omissions: [Report.Omission] = []
        removeAll { experiment in
            let needs = experiment.needs
            if needs.isLocal, !isLocal {
                let reason = "\(experiment.title): it can be measured of a model in this process only."
                omissions.append(Report.Omission(experiment.topic, reason))
                return true
            }
            guard let contextLength, needs.contextLength > contextLength else { return false }
            let reason =
                "\(experiment.title): it takes \(needs.contextLength) tokens, and the context has \(contextLength)."
            omissions.append(Report.Omission(experiment.topic, reason))
            return true
        }
        return omissions
    }
}
