/// Tokens a second in all, against the number of streams: a line for each side.
struct ThroughputPlot: Plot {
    private struct Point {
        var streams: Int
        var summary: Summary
    }

    private let sides: [String]
    /// Each side's points, in ascending order.
    private let lines: [[Point]]
    private let rows: [Measurement]
    private let x: PlotScale
    private let y: PlotScale
    private let frame: PlotFrame

    /// The plot of a report's rows; `nil` when all have the same number of streams.
    init?(_ report: Report) {
        let rows = report.measurements.filter { $0.topic == .streams && $0.parameters.streams != nil }
            .sorted { ($0.parameters.streams ?? 0) < ($1.parameters.streams ?? 0) }
        let lines = report.sides.indices.map { Self.points(of: $0, in: rows) }
        let points = lines.flatMap(\.self)
        guard let fewest = points.map(\.streams).min(), let most = points.map(\.streams).max(),
            fewest < most, let highest = points.map(\.summary.highest).max()
        else { return nil }
        frame = PlotFrame(top: 34, bottom: 286)
        // Room on both sides, so that no point lies on an axis.
        let x = PlotScale(
            .logarithmic, Double(fewest) / 1.15, Double(most) * 1.15, from: frame.left, to: frame.right)
        let y = PlotScale(.linear, 0, PlotScale.roundUp(highest, marks: 5), from: frame.bottom, to: frame.top)
        guard let x, let y else { return nil }
        (self.x, self.y, self.rows, self.lines, sides) = (x, y, rows, lines, report.sides.map(\.name))
    }

    private static func points(of side: Int, in rows: [Measurement]) -> [Point] {
        rows.compactMap { row in
            guard let streams = row.parameters.streams, row.outcomes.indices.contains(side),
                let summary = row.outcomes[side].summary, streams > 0, summary.highest.isFinite
            else { return nil }
            return Point(streams: streams, summary: summary)
        }
    }

    var title: String { "Tokens a second against streams" }
    var height: Double { 332 }
    var needsLegend: Bool { sides.count > 1 }

    var summary: String {
        zip(sides, lines).compactMap { side, points in
            guard let first = points.first, let last = points.last else { return nil }
            return "\(side): \(Quantity.number(first.summary.median)) tokens a second with "
                + "\(StreamRow.count(first.streams)), \(Quantity.number(last.summary.median)) with "
                + "\(StreamRow.count(last.streams))."
        }.joined(separator: " ")
    }

    var table: PageTable {
        var head = ["streams"]
        for side in sides { head += ["\(side), t/s", "lowest–highest"] }
        return PageTable(
            head: head,
            rows: rows.map { row in
                ["\(row.parameters.streams ?? 0)"]
                    + sides.indices.flatMap { side in
                        let summary = row.outcomes.indices.contains(side) ? row.outcomes[side].summary : nil
                        return [Quantity.summary(summary), summary?.bounds ?? "–"]
                    }
            })
    }

    func draw(into markup: inout Markup) {
        let counts = Set(lines.joined().map(\.streams)).sorted()
        frame.drawY(
            y.marks(about: 5).map { (y.place($0), $0.atMark) }, name: "tokens a second, all streams together",
            into: &markup)
        frame.drawX(counts.map { (x.place(Double($0)), "\($0)") }, name: "streams at the same time", into: &markup)
        for (side, points) in lines.enumerated() {
            let places = points.map { (x: x.place(Double($0.streams)), y: y.place($0.summary.median)) }
            let path = places.enumerated().map { "\($0 == 0 ? "M" : "L")\($1.x.inPixels) \($1.y.inPixels)" }
            markup.empty("path", ["class": "line side\(side)", "d": path.joined()])
            for (point, place) in zip(points, places) {
                let (low, high) = (y.place(point.summary.lowest), y.place(point.summary.highest))
                frame.line(place.x, low, place.x, high, "line side\(side)", into: &markup)
                SideMark(side).draw(place.x, place.y, into: &markup)
            }
        }
    }
}

extension Summary {
    /// The smallest and the greatest sample.
    fileprivate var bounds: String { "\(Quantity.number(lowest))–\(Quantity.number(highest))" }
}
