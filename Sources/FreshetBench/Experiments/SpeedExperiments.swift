package import Freshet

/// How fast a prompt is computed, behind a number of tokens that are in memory already: llama-bench's `pp` rows.
///
/// As there, nothing is generated but what falls out of the prompt: the one token that is asked for. The time is from the
/// request to its end.
package struct PromptSpeed: Experiment {
    private let length: Int
    private let depth: Int

    /// A prompt of `length` tokens behind `depth` others.
    package init(length: Int, depth: Int = 0) { (self.length, self.depth) = (length, depth) }

    package var topic: Topic { .prompt }
    package var title: String { SpeedRow.name("pp\(length)", depth: depth) }
    package var needs: Needs {
        Needs(streams: 1, contextLength: depth + length + 1, promptTokens: depth + length, answerTokens: 1)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let beginning = prompts.next(depth)
        let prompt = prompts.prompt(beginning + prompts.next(length))
        let runs = try await run(
            SpeedRow.fill(beginning, of: prompts),
            Workload([Workload.Planned("prompt", prompt: prompt, answerLength: 1)]), on: contender, occasion)
        return Turn([figure(of: runs[1][0])])
    }

    /// What the timeline of the prompt says.
    func figure(of timeline: Timeline) -> Figure {
        func figure(_ value: Double?, or remark: String = "") -> Figure {
            Figure(
                title, Measurement.Parameters(promptLength: length, depth: depth), in: .tokensPerSecond, value,
                or: remark)
        }
        guard let total = timeline.total, let count = timeline.promptTokens else {
            return figure(nil, or: SpeedRow.noCount)
        }
        let cached = timeline.cachedTokens ?? 0
        // A server may compute the last few tokens of what it remembers again, and knows the marks of conversations.
        guard abs(cached - depth) <= 64 else { return figure(nil, or: SpeedRow.remembers(cached, not: depth)) }
        return figure(Double(count - cached) / total)
    }
}

/// How fast the tokens of one stream come, behind a number of tokens in memory: llama-bench's `tg` rows.
package struct DecodeSpeed: Experiment {
    private let length: Int
    private let depth: Int

    /// An answer of `length` tokens behind `depth` others.
    package init(length: Int, depth: Int = 0) { (self.length, self.depth) = (length, depth) }

    package var topic: Topic { .decode }
    package var title: String { SpeedRow.name("tg\(length)", depth: depth) }
    package var needs: Needs {
        Needs(streams: 1, contextLength: depth + length + 1, promptTokens: depth, answerTokens: length)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let beginning = prompts.next(depth)
        let prompt = prompts.prompt(beginning + prompts.next(1))
        let runs = try await run(
            SpeedRow.fill(beginning, of: prompts),
            Workload([Workload.Planned("answer", prompt: prompt, answerLength: length)]), on: contender, occasion)
        return Turn([figure(of: runs[1][0])])
    }

    /// What the timeline of the answer says.
    ///
    /// Where a single token of the prompt had to be computed, every token of the answer fell out of the computation of
    /// one, as in llama-bench, and the whole time counts. Else it counts from the first piece on.
    func figure(of timeline: Timeline) -> Figure {
        func figure(_ value: Double?, or remark: String = "") -> Figure {
            Figure(
                title, Measurement.Parameters(depth: depth, answerLength: length), in: .tokensPerSecond, value,
                or: remark)
        }
        guard let end = timeline.end, let first = timeline.pieces.first, let count = timeline.answerTokens else {
            return figure(nil, or: SpeedRow.noCount)
        }
        if let prompt = timeline.promptTokens, prompt - (timeline.cachedTokens ?? 0) == 1 {
            return figure(Double(count) / (end - timeline.start))
        }
        return figure(Double(count - 1) / (end - first), or: "The answer came all at once.")
    }
}

/// What the rows of llama-bench have in common.
enum SpeedRow {
    /// llama-bench's name for a row.
    static func name(_ test: String, depth: Int) -> String { depth == 0 ? test : "\(test) @ d\(depth)" }

    /// Puts tokens into memory, for a request that begins with them.
    static func fill(_ beginning: Prompts.Content, of prompts: Prompts) -> Workload {
        guard !beginning.isEmpty else { return Workload([]) }
        return Workload([Workload.Planned("depth", prompt: prompts.prompt(beginning), answerLength: 1)])
    }

    /// Why a rate cannot be told without guessing.
    static let noCount = "The server does not say how many tokens there were."

    /// Why a prompt was not computed where it should have been.
    static func remembers(_ cached: Int, not depth: Int) -> String {
        "The server had \(cached) tokens of the prompt in memory, and not \(depth)."
    }
}
