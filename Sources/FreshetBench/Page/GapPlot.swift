/// How often gaps of which length were seen, each side's below the other's, on one axis.
struct GapPlot: Plot {
    private struct Panel {
        var side: String
        var place: Int
        var histogram: Histogram
        var frame: PlotFrame
    }

    private let name: String
    private let panels: [Panel]
    private let x: PlotScale
    private static let panelHeight = 132.0
    /// Room between two panels: for the numbers of one and the name of the next.
    private static let distance = 60.0

    /// The plot of the sides' histograms of one workload; `nil` when there are none, or they are broken.
    init?(_ histograms: [Histogram], sides: [Side]) {
        let whole = histograms.filter {
            sides.indices.contains($0.side) && $0.edges.count == $0.counts.count + 1 && !$0.counts.isEmpty
                && $0.edges.allSatisfy { $0 > 0 && $0.isFinite } && $0.edges == $0.edges.sorted()
        }
        guard let first = whole.first else { return nil }
        name = first.name
        var panels: [Panel] = []
        for histogram in whole {
            let top = 34 + Double(panels.count) * (Self.panelHeight + Self.distance)
            panels.append(
                Panel(
                    side: sides[histogram.side].name, place: histogram.side, histogram: histogram,
                    frame: PlotFrame(top: top, bottom: top + Self.panelHeight)))
        }
        self.panels = panels
        let edges = whole.flatMap(\.edges)
        guard let low = edges.min(), let high = edges.max(),
            let x = PlotScale(.logarithmic, low, high, from: panels[0].frame.left, to: panels[0].frame.right)
        else { return nil }
        self.x = x
    }

    var title: String { "Time between two tokens of a stream, \(name)" }
    var height: Double { (panels.last?.frame.bottom ?? 0) + 46 }
    var needsLegend: Bool { false }

    var summary: String {
        panels.map { panel in
            let summary = panel.histogram.summary
            return "\(panel.side): half of \(summary.count) gaps are at most \(Quantity.number(summary.median)) ms, "
                + "99 of 100 at most \(Quantity.number(summary.p99)) ms, the longest is "
                + "\(Quantity.number(summary.highest)) ms."
        }.joined(separator: " ")
    }

    var table: PageTable {
        let rows = panels.flatMap { panel in
            panel.histogram.counts.indices.filter { panel.histogram.counts[$0] > 0 }.map { bar in
                [
                    panel.side, Quantity.number(panel.histogram.edges[bar]),
                    Quantity.number(panel.histogram.edges[bar + 1]), "\(panel.histogram.counts[bar])",
                ]
            }
        }
        return PageTable(head: ["side", "from, ms", "to, ms", "gaps"], rows: rows)
    }

    func draw(into markup: inout Markup) {
        for (number, panel) in panels.enumerated() {
            draw(panel, isLast: number == panels.count - 1, into: &markup)
        }
    }

    private func draw(_ panel: Panel, isLast: Bool, into markup: inout Markup) {
        let (frame, histogram) = (panel.frame, panel.histogram)
        let most = Double(histogram.counts.max() ?? 1)
        guard
            let y = PlotScale(
                .linear, 0, PlotScale.roundUp(most, marks: 3), from: frame.bottom, to: frame.top)
        else { return }
        let sideName = PlotFrame.short(panel.side, to: 44)
        frame.drawY(
            y.marks(about: 3).filter { $0 == $0.rounded() }.map { (y.place($0), $0.atMark) },
            name: "gaps, \(sideName)", into: &markup)
        for (bar, count) in histogram.counts.enumerated() where count > 0 {
            let (left, right) = (x.place(histogram.edges[bar]), x.place(histogram.edges[bar + 1]))
            // One long gap among thousands is what the plot is for: a bar is never too low to be seen.
            let height = max(frame.bottom - y.place(Double(count)), 2)
            markup.empty(
                "rect",
                [
                    "class": "bar side\(panel.place)", "x": left.inPixels, "y": (frame.bottom - height).inPixels,
                    "width": max(right - left - 1, 1).inPixels, "height": height.inPixels,
                ])
        }
        for (value, kind) in [(histogram.summary.median, "rule solid"), (histogram.summary.p99, "rule")] {
            guard x.domain.contains(value) else { continue }
            frame.line(x.place(value), frame.top - 4, x.place(value), frame.bottom, kind, into: &markup)
        }
        // Beside their lines these words would run into each other, or out of the plot.
        PlotFrame.text(
            "solid: median, \(Quantity.number(histogram.summary.median)) ms; dashed: 99 of 100, "
                + "\(Quantity.number(histogram.summary.p99)) ms", frame.right, frame.top - 14, "end", into: &markup)
        frame.drawX(
            x.marks(about: 8).map { (x.place($0), $0.atMark) },
            name: isLast ? "milliseconds between two tokens (equal steps are equal ratios)" : nil, into: &markup)
    }
}
