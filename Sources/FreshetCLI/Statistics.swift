import Freshet

/// What an answer cost, for `--stats` and `/stats`.
struct Statistics {
    /// Tokens.
    var usage: Usage
    /// Times, where the provider gives them.
    var timings: Timings?
    /// How many answers the tokens are of.
    var choiceCount: Int

    /// The cost of a whole reply, or `nil` when it has not come to its end.
    init?(_ reply: Reply) {
        guard let usage = reply.usage else { return nil }
        self.usage = usage
        timings = reply.timings
        choiceCount = max(1, reply.choices.count)
    }

    /// One line a number, to be read by a person.
    var lines: [String] {
        let computed = usage.promptTokens - usage.cachedTokens
        var prompt = "prompt: \(Self.count(usage.promptTokens))"
        if usage.cachedTokens > 0 { prompt += ", \(usage.cachedTokens) of them still in memory" }
        var answer = choiceCount == 1 ? "answer: " : "\(choiceCount) answers: "
        answer += Self.count(usage.completionTokens)
        guard let timings else { return [prompt, answer] }
        prompt += " in \(Self.seconds(timings.prompt))" + Self.speed(computed, timings.prompt)
        // The first tokens fall out of the prompt's computation; the decode time is that of the others.
        answer +=
            " in \(Self.seconds(timings.decode))" + Self.speed(usage.completionTokens - choiceCount, timings.decode)
        var lines = [prompt, answer]
        if let first = timings.firstToken { lines.append("first token after \(Self.seconds(first))") }
        if timings.draftedTokens > 0 {
            lines.append("of \(Self.count(timings.draftedTokens)) guessed, \(timings.acceptedTokens) were right")
        }
        return lines
    }

    /// The line for an answer that was stopped or failed. Its tokens are told only at an answer's end.
    static func lineOfPart(of reply: Reply) -> String {
        let count = reply.choices.reduce(0) { $0 + $1.text.count }
        return "answer: not whole, \(count.counted("character"))"
    }

    private static func count(_ tokens: Int) -> String { tokens.counted("token") }

    private static func speed(_ tokens: Int, _ time: Duration) -> String {
        let seconds = time / .seconds(1)
        guard tokens > 0, seconds > 0 else { return "" }
        return ", \(decimal(Double(tokens) / seconds, places: 1)) tokens a second"
    }

    /// A time in seconds, to the millisecond.
    static func seconds(_ time: Duration) -> String { decimal(time / .seconds(1), places: 3) + " s" }

    /// A number with a fixed number of decimal places.
    private static func decimal(_ number: Double, places: Int) -> String {
        let scale = places == 3 ? 1000.0 : 10.0
        let whole = Int((number * scale).rounded())
        let rest = String(whole % Int(scale))
        return "\(whole / Int(scale))." + String(repeating: "0", count: places - rest.count) + rest
    }
}
