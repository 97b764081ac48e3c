internal import Freshet

/// What a report says, in words: for the formats that people read.
struct ReportWords {
    private let report: Report

    /// The words of a report.
    init(_ report: Report) { self.report = report }

    /// Where it was measured.
    var machine: String {
        let machine = report.machine
        let words = [
            machine.processor, machine.processorCount.counted("processor"), Quantity.bytes(machine.memory),
        ].joined(separator: ", ")
        return words + (machine.load.map { ", load \(Quantity.number($0))" } ?? "")
    }

    /// Which program measured.
    var build: String {
        "freshet \(report.build.version)" + (report.build.commit.map { ", commit \($0.prefix(12))" } ?? "")
    }

    /// What is known of each side, but for its settings.
    var sides: [String] {
        report.sides.map { side in
            var parts = [side.model.name]
            if let file = side.model.file { parts.append(file) }
            if let count = side.model.parameterCount { parts.append("\((count + 500_000) / 1_000_000) M parameters") }
            if let count = side.model.byteCount { parts.append("\((count + 500_000) / 1_000_000) MB") }
            if let address = side.address { parts.append(address) }
            return "\(side.name): " + parts.joined(separator: ", ")
        }
    }

    /// The names of the columns of ``figures``.
    var columns: [String] {
        ["test", "unit"] + report.sides.map(\.name) + (report.sides.count == 2 ? ["ratio (lowest–highest)"] : [])
    }

    /// The measurements: a row's name, its unit, each side's figure, and where there are two their ratio.
    var figures: [[String]] {
        report.measurements.map { row in
            let outcomes = report.sides.indices.map { side in
                row.outcomes.indices.contains(side) ? Quantity.summary(row.outcomes[side].summary) : "–"
            }
            let ratio = report.sides.count == 2 ? [row.ratio.map(Quantity.ratio) ?? ""] : []
            return [row.name, row.unit.rawValue] + outcomes + ratio
        }
    }

    /// Why rows lack samples.
    var remarks: [String] {
        report.measurements.flatMap { row in
            zip(report.sides, row.outcomes).compactMap { side, outcome in
                outcome.remark.map { "\(row.name), \(side.name): \($0)" }
            }
        }
    }

    /// What was left out, and why.
    var omissions: [String] { report.omissions.map { "\($0.topic.rawValue): \($0.reason)" } }
}
