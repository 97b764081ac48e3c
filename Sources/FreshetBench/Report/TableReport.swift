/// A report as text for a person.
package struct TableReport {
    private let report: Report

    /// A report to write.
    package init(_ report: Report) { self.report = report }

    /// The text, with a line end.
    package func render() -> String {
        var lines = head
        if !report.measurements.isEmpty { lines += [""] + rows }
        let remarks = self.remarks
        if !remarks.isEmpty { lines += [""] + remarks }
        if let roofline = report.roofline { lines += [""] + Self.lines(roofline) }
        if !report.omissions.isEmpty {
            lines += ["", "Not measured:"] + report.omissions.map { "  \($0.topic.rawValue): \($0.reason)" }
        }
        if !report.isWhole { lines += ["", "Stopped before the end."] }
        return lines.joined(separator: "\n") + "\n"
    }

    private var head: [String] {
        let machine = report.machine
        var first = "\(machine.processor), \(machine.processorCount) processors, "
        first += Quantity.bytes(machine.memory)
        if let load = machine.load { first += ", load \(Quantity.number(load))" }
        var second = "freshet \(report.build.version)"
        if let commit = report.build.commit { second += ", commit \(commit.prefix(12))" }
        second += ", \(report.rounds) rounds: median ± half the distance between the quartiles"
        return [first, second] + report.sides.map(Self.line)
    }

    private static func line(_ side: Side) -> String {
        var parts = [side.model.name]
        if let file = side.model.file { parts.append(file) }
        if let count = side.model.parameterCount { parts.append("\((count + 500_000) / 1_000_000) M parameters") }
        if let count = side.model.byteCount { parts.append("\((count + 500_000) / 1_000_000) MB") }
        if let address = side.address { parts.append(address) }
        parts += side.settings.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
        return "\(side.name): " + parts.joined(separator: ", ")
    }

    private var rows: [String] {
        var cells = [["test", "unit"] + report.sides.map(\.name)]
        if report.sides.count == 2 { cells[0].append("ratio (lowest–highest)") }
        for row in report.measurements {
            var line = [row.name, row.unit.rawValue]
            line += report.sides.indices.map { side in
                row.outcomes.indices.contains(side) ? Quantity.summary(row.outcomes[side].summary) : "–"
            }
            if let ratio = row.ratio { line.append(Quantity.ratio(ratio)) }
            cells.append(line)
        }
        let widths = cells[0].indices.map { column in
            cells.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return cells.map { line in
            let filled = zip(line, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }
            let text = filled.joined(separator: "  ")
            return String(text[...(text.lastIndex { $0 != " " } ?? text.startIndex)])
        }
    }

    /// Why rows lack samples.
    private var remarks: [String] {
        report.measurements.flatMap { row in
            zip(report.sides, row.outcomes).compactMap { side, outcome in
                outcome.remark.map { "\(row.name), \(side.name): \($0)" }
            }
        }
    }

    private static func lines(_ roofline: Roofline) -> [String] {
        func share(_ share: Double?) -> String { share.map { ", of which \(Quantity.percent($0)) is reached" } ?? "" }
        var lines = [
            "What the machine allows, with \(roofline.threads) threads:",
            "  memory is read at \(Quantity.number(roofline.measuredReadBandwidth / 1e9)) GB/s, and a token behind "
                + "\(roofline.depth) others reads \(Quantity.number(roofline.bytesPerToken / 1e6)) MB: at most "
                + "\(Quantity.number(roofline.decodeLimit)) t/s" + share(roofline.decodeShare),
        ]
        let rates = [("8-bit integers", roofline.int8Rate), ("32-bit floats", roofline.floatRate)]
            .compactMap { name, rate in rate.map { "\(Quantity.number($0 / 1e9)) G operations/s of \(name)" } }
        lines.append(
            "  matrices take \(rates.joined(separator: ", ")), and a token of a prompt takes "
                + "\(Quantity.number(roofline.operationsPerToken / 1e9)) G operations: at most "
                + "\(Quantity.number(roofline.prefillLimit)) t/s" + share(roofline.prefillShare))
        return lines
    }
}
