internal import Freshet

/// A report as text for a person.
package struct TableReport {
    private let report: Report
    private let words: ReportWords

    /// A report to write.
    package init(_ report: Report) { (self.report, words) = (report, ReportWords(report)) }

    /// The text, with a line end.
    package func render() -> String {
        var lines = head
        if !report.measurements.isEmpty { lines += [""] + figures }
        if let roofline = report.roofline { lines += [""] + Self.lines(roofline) }
        if !report.omissions.isEmpty {
            lines += ["", "Not measured:"] + words.omissions.map { "  \($0)" }
        }
        if !report.isWhole { lines += ["", "Stopped before the end."] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What stands above the figures: where, by which program, and between whom.
    package var head: [String] {
        let rounds = ", \(report.rounds) rounds: median ± half the distance between the quartiles"
        return [words.machine, words.build + rounds]
            + zip(report.sides, words.sides).map { side, line in
                ([line] + side.settings.sorted { $0.key < $1.key }.map { "\($0) \($1)" }).joined(separator: ", ")
            }
    }

    /// The figures under their titles, and why some are missing.
    package var figures: [String] { rows + (words.remarks.isEmpty ? [] : [""] + words.remarks) }

    private var rows: [String] {
        let cells = [words.columns] + words.figures
        let widths = cells[0].indices.map { column in
            cells.map { $0[column].count }.max() ?? 0
        }
        return cells.map { line in
            let filled = zip(line, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }
            let text = filled.joined(separator: "  ")
            return String(text[...(text.lastIndex { $0 != " " } ?? text.startIndex)])
        }
    }

    private static func lines(_ roofline: Roofline) -> [String] {
        func limit(_ limit: Double?, _ share: Double?) -> String {
            guard let limit else { return "" }
            return ": at most \(Quantity.number(limit)) t/s"
                + (share.map { ", of which \(Quantity.percent($0)) is reached" } ?? "")
        }
        var lines = [
            "What the machine allows, with \(roofline.threads.counted("thread")):",
            "  memory is read at \(Quantity.number(roofline.measuredReadBandwidth / 1e9)) GB/s, and a token behind "
                + "\(roofline.depth) others reads \(Quantity.number(roofline.bytesPerToken / 1e6)) MB"
                + limit(roofline.decodeLimit, roofline.decodeShare),
        ]
        let rates = [("8-bit integers", roofline.int8Rate), ("floats", roofline.floatRate)]
            .compactMap { name, rate in rate.map { "\(Quantity.number($0 / 1e9)) G operations/s of \(name)" } }
        lines.append(
            "  matrices take \(rates.joined(separator: ", ")), and a token of a prompt takes "
                + "\(Quantity.number(roofline.operationsPerToken / 1e9)) G operations"
                + limit(roofline.prefillLimit, roofline.prefillShare))
        return lines
    }
}
