/// A report's figures as comma-separated values: one line for each side's outcome of each row, as RFC 4180 has it but for
/// line ends of one character.
package struct CSVReport {
    private let report: Report

    /// A report to write.
    package init(_ report: Report) { self.report = report }

    private static let columns = [
        "topic", "test", "prompt_length", "depth", "answer_length", "streams", "unit", "side", "model", "samples",
        "median", "spread", "p99", "lowest", "highest", "ratio", "remark",
    ]

    /// The text, with a line of names first.
    package func render() -> String {
        var lines = [Self.columns]
        for row in report.measurements {
            for (side, outcome) in zip(report.sides, row.outcomes) {
                let parameters = row.parameters
                let numbers = [
                    parameters.promptLength, parameters.depth, parameters.answerLength, parameters.streams,
                ].map { $0.map(String.init) ?? "" }
                let summary = outcome.summary
                let figures = [
                    summary?.median, summary?.spread, summary?.p99, summary?.lowest, summary?.highest,
                    row.ratio?.median,
                ].map { $0.map { "\($0)" } ?? "" }
                lines.append(
                    [row.topic.rawValue, row.name] + numbers
                        + [row.unit.rawValue, side.name, side.model.name, "\(outcome.samples.count)"] + figures
                        + [outcome.remark ?? ""])
            }
        }
        return lines.map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
    }

    /// A field, in quotes where it needs them. A program that calculates would take a text that begins like a formula
    /// for one, and a server chooses its model's name: such a text gets an apostrophe before it.
    private static func field(_ text: String) -> String {
        var text = text
        if let first = text.first, "=+-@\t\r".contains(first), Double(text) == nil { text = "'" + text }
        guard text.utf8.contains(where: { Array("\",\n\r".utf8).contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
