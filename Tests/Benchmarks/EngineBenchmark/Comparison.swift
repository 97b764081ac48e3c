import BenchmarkTurns

/// One line of the report: what both sides came to, round by round.
struct Comparison {
    /// What was measured, with its unit.
    var name: String
    /// Freshet's figures, one a round.
    var ours: [Double]
    /// llama-server's; none where it has nothing of the kind.
    var theirs: [Double] = []
    /// Digits after the point.
    var digits = 0
    /// What Freshet is to reach.
    var goal: String

    /// The titles above the lines.
    static let title = Turns.row([
        ("figure: median (lowest–highest)", 46), ("freshet", 25), ("llama-server", 25), ("ratio", 22), ("goal", 0),
    ])

    /// The line.
    var line: String {
        Turns.row([
            (name, 46), (Self.summary(ours, digits), 25), (Self.summary(theirs, digits), 25),
            (Self.summary(zip(ours, theirs).map { $0 / $1 }, 2), 22), (goal, 0),
        ])
    }

    private static func summary(_ figures: [Double], _ digits: Int) -> String {
        let sorted = figures.sorted()
        guard let low = sorted.first, let high = sorted.last else { return "–" }
        let middle = (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
        let texts = [middle, low, high].map { Turns.text($0, digits: digits) }
        return "\(texts[0]) (\(texts[1])–\(texts[2]))"
    }
}
