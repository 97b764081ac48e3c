/// When the tokens of streams came, a row for each stream and a tick for each token, with the time shaded for which a
/// long prompt was computed. The sides' runs stand below each other, on axes of one length.
struct TracePlot: Plot {
    fileprivate struct Panel {
        var side: String
        var place: Int
        var trace: Trace
        var frame: PlotFrame
        /// When the first request was sent: the time 0 of the axis.
        var begin: Double
    }

    private let name: String
    private let panels: [Panel]
    private let x: PlotScale
    private static let rowHeight = 24.0
    private static let top = 62.0
    private static let left = 104.0
    private static let right = PlotFrame.width - 128

    /// The plot of the sides' runs of one workload; `nil` when there are none.
    init?(_ traces: [Trace], sides: [Side]) {
        var panels: [Panel] = []
        var longest = 0.0
        for trace in traces where sides.indices.contains(trace.side) {
            let begin = trace.timelines.map(\.start).min() ?? 0
            let end = trace.timelines.compactMap(\.last).max() ?? begin
            guard end > begin else { continue }
            longest = max(longest, end - begin)
            let top = Self.top + (panels.last?.frame.bottom ?? -32) + 32
            let bottom = top + Double(trace.timelines.count) * Self.rowHeight
            panels.append(
                Panel(
                    side: sides[trace.side].name, place: trace.side, trace: trace,
                    frame: PlotFrame(left: Self.left, right: Self.right, top: top, bottom: bottom), begin: begin))
        }
        guard let first = panels.first,
            let x = PlotScale(.linear, 0, longest, from: Self.left, to: Self.right)
        else {
            return nil
        }
        (name, self.panels, self.x) = (first.trace.name, panels, x)
    }

    var title: String { name }
    var height: Double { (panels.last?.frame.bottom ?? 0) + 48 }
    var needsLegend: Bool { false }

    var summary: String {
        panels.map { panel in
            let others = panel.trace.timelines.indices.filter {
                $0 != panel.trace.intruder && $0 != panel.trace.slowReader
            }
            let longest = others.compactMap { panel.longestGap(of: $0) }.max()
            var sentence = "\(panel.side): "
            if let span = panel.trace.span {
                sentence += "the prompt takes \(Quantity.number(span.upperBound - span.lowerBound)) s, and "
            }
            sentence +=
                longest.map { "the longest gap of the other streams is \(Quantity.number(1000 * $0)) ms." }
                ?? "no other stream has a gap."
            return sentence
        }.joined(separator: " ")
    }

    var table: PageTable {
        let rows = panels.flatMap { panel in
            panel.trace.timelines.enumerated().map { place, timeline in
                [
                    panel.side, timeline.label, Quantity.number(timeline.start - panel.begin),
                    timeline.firstPiece.map(Quantity.number) ?? "–", "\(timeline.pieces.count)",
                    panel.longestGap(of: place).map { Quantity.number(1000 * $0) } ?? "–",
                    timeline.end.map { Quantity.number($0 - panel.begin) } ?? "–",
                ]
            }
        }
        return PageTable(
            head: [
                "side", "stream", "sent, s", "first token after, s", "pieces", panels[0].gapName + ", ms", "end, s",
            ],
            rows: rows, wordColumns: 2)
    }

    func draw(into markup: inout Markup) {
        for (number, panel) in panels.enumerated() {
            draw(panel, isLast: number == panels.count - 1, into: &markup)
        }
    }

    private func draw(_ panel: Panel, isLast: Bool, into markup: inout Markup) {
        let frame = panel.frame
        PlotFrame.text(
            PlotFrame.short(panel.side, to: 48), 0, frame.top - 34, "start", "name", into: &markup)
        PlotFrame.text(panel.gapName, PlotFrame.width, frame.top - 10, "end", into: &markup)
        if let span = panel.trace.span {
            let (left, right) = (x.place(span.lowerBound - panel.begin), x.place(span.upperBound - panel.begin))
            markup.empty(
                "rect",
                [
                    "class": "shade", "x": left.inPixels, "y": frame.top.inPixels,
                    "width": max(right - left, 1).inPixels, "height": (frame.bottom - frame.top).inPixels,
                ])
            // Where the words would run into those of the column on the right, they end before it.
            let end = frame.right - 24
            let isLate = left > end - 190
            PlotFrame.text(
                "the long prompt is computed", isLate ? end : left, frame.top - 10, isLate ? "end" : "start",
                into: &markup)
        }
        for (row, timeline) in panel.trace.timelines.enumerated() {
            draw(timeline, row: row, of: panel, into: &markup)
        }
        frame.drawX(
            x.marks(about: 8).map { (x.place($0), $0.atMark) }, name: isLast ? "seconds" : nil, into: &markup)
    }

    private func draw(_ timeline: Timeline, row: Int, of panel: Panel, into markup: inout Markup) {
        let frame = panel.frame
        let middle = frame.top + (Double(row) + 0.5) * Self.rowHeight
        PlotFrame.text(
            PlotFrame.short(timeline.label, to: 15), frame.left - 10, middle + 4, "end", into: &markup)
        let begin = x.place(timeline.start - panel.begin)
        frame.line(
            begin, middle, x.place((timeline.last ?? timeline.start) - panel.begin), middle, "grid", into: &markup)
        // Ticks that fall upon each other are one.
        var last = ""
        var path = ""
        for piece in timeline.pieces {
            let place = x.place(piece - panel.begin).inPixels
            guard place != last else { continue }
            path += "M\(place) \((middle - 8).inPixels)v16"
            last = place
        }
        let kind = row == panel.trace.intruder ? "tick intruder" : "tick side\(panel.place)"
        if !path.isEmpty { markup.empty("path", ["class": kind, "d": path]) }
        if let gap = panel.longestGap(of: row) {
            PlotFrame.text(
                "\(Quantity.number(1000 * gap)) ms", PlotFrame.width, middle + 4, "end", into: &markup)
        }
    }
}

extension TracePlot.Panel {
    /// The longest gap of a stream: while the long prompt was computed, where there is one.
    fileprivate func longestGap(of row: Int) -> Double? {
        guard row != trace.intruder else { return nil }
        let timeline = trace.timelines[row]
        return (trace.span.map { timeline.gaps(touching: $0) } ?? timeline.gaps).max()
    }

    /// What ``longestGap(of:)`` is.
    fileprivate var gapName: String { trace.span == nil ? "longest gap" : "longest gap meanwhile" }
}

extension Trace {
    /// The time for which the intruder's prompt was computed; `nil` where there is none, or nothing came of it.
    fileprivate var span: ClosedRange<Double>? {
        guard let intruder, timelines.indices.contains(intruder), let first = timelines[intruder].pieces.first,
            first >= timelines[intruder].start
        else { return nil }
        return timelines[intruder].start...first
    }
}

extension Timeline {
    /// The last thing that happened; `nil` when nothing did after the request was sent.
    fileprivate var last: Double? { [end, pieces.last].compactMap(\.self).max() }
}
