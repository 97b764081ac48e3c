internal import Foundation

/// A report as one page that a browser shows without anything else: no script, no other file, no address that is
/// fetched. Plots are SVG, each with a description in words and with its numbers as a table; the page follows the
/// reader's choice of light or dark.
package struct HTMLReport {
    private let report: Report
    private let words: ReportWords

    /// A report to write.
    package init(_ report: Report) { (self.report, words) = (report, ReportWords(report)) }

    /// The page, with a line end.
    package func render() -> String {
        var markup = Markup()
        markup.write(markup: "<!DOCTYPE html>")
        markup.element("html", ["lang": "en"]) { markup in
            markup.element("head") { writeHead(into: &$0) }
            markup.element("body") { markup in
                markup.element("main") { markup in
                    writeSubject(into: &markup)
                    for plot in plots { write(plot, into: &markup) }
                    writeFigures(into: &markup)
                    writeList(words.remarks, under: "Remarks", into: &markup)
                    writeList(words.omissions, under: "Not measured", into: &markup)
                    writeSettings(into: &markup)
                }
            }
        }
        return markup.text + "\n"
    }

    private var title: String { report.sides.map(\.model.name).first.map { "Speed of \($0)" } ?? "Speed" }

    private func writeHead(into markup: inout Markup) {
        markup.empty("meta", ["charset": "utf-8"])
        markup.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        // The browser itself sees to it that nothing is fetched and nothing runs.
        markup.empty(
            "meta",
            ["http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"])
        markup.element("title", text: title)
        markup.element("style") { $0.write(markup: PageStyle.sheet) }
    }

    // MARK: - What was measured

    private func writeSubject(into markup: inout Markup) {
        markup.element("h1", text: title)
        if !report.isWhole {
            markup.element("p", ["class": "notice"], text: "Stopped before the end: some figures are missing.")
        }
        for line in [words.machine, "\(words.build), \(report.date.formatted(.iso8601))"] {
            markup.element("p", ["class": "soft"], text: line)
        }
        for line in words.sides { markup.element("p", text: line) }
    }

    private func writeSettings(into markup: inout Markup) {
        let names = Set(report.sides.flatMap(\.settings.keys)).sorted()
        guard !names.isEmpty else { return }
        markup.element("h2", text: "Settings")
        let rows = names.map { name in [name] + report.sides.map { $0.settings[name] ?? "–" } }
        PageTable(
            head: ["setting"] + report.sides.map(\.name), rows: rows, wordColumns: 1 + report.sides.count
        ).write(into: &markup)
    }

    // MARK: - Figures

    private func writeFigures(into markup: inout Markup) {
        guard !report.measurements.isEmpty else { return }
        markup.element("h2", text: "All figures")
        let rounds = report.rounds == 1 ? "one round" : "\(report.rounds) rounds"
        markup.element(
            "p", ["class": "soft"],
            text: "The median of \(rounds) ± half the distance between the quartiles."
                + (report.sides.count == 2
                    ? " The ratio is the first side's figure divided by the second's, of rounds that followed each other."
                    : ""))
        PageTable(head: words.columns, rows: words.figures, wordColumns: 2).write(into: &markup)
    }

    private func writeList(_ lines: [String], under heading: String, into markup: inout Markup) {
        guard !lines.isEmpty else { return }
        markup.element("h2", text: heading)
        markup.element("ul") { markup in
            for line in lines { markup.element("li", text: line) }
        }
    }

    // MARK: - Plots

    private var plots: [any Plot] {
        var plots: [any Plot] = []
        if let plot = ThroughputPlot(report) { plots.append(plot) }
        for group in report.histograms.grouped(by: { [$0.topic.rawValue, $0.name] }) {
            if let plot = GapPlot(group, sides: report.sides) { plots.append(plot) }
        }
        for group in report.traces.grouped(by: { [$0.topic.rawValue, $0.name] }) {
            if let plot = TracePlot(group, sides: report.sides) { plots.append(plot) }
        }
        if let plot = RooflinePlot(report) { plots.append(plot) }
        return plots
    }

    private func write(_ plot: any Plot, into markup: inout Markup) {
        markup.element("figure") { markup in
            markup.element("figcaption", text: plot.title)
            if plot.needsLegend { writeLegend(into: &markup) }
            markup.element("div", ["class": "wide"]) { markup in
                markup.element(
                    "svg",
                    [
                        "class": "picture", "viewBox": "0 0 \(PlotFrame.width.inPixels) \(plot.height.inPixels)",
                        "role": "img", "aria-label": "\(plot.title). \(plot.summary)",
                    ]
                ) { plot.draw(into: &$0) }
            }
            markup.element("p", ["class": "soft"], text: plot.summary)
            markup.element("details") { markup in
                markup.element("summary", text: "The numbers")
                plot.table.write(into: &markup)
            }
        }
    }

    private func writeLegend(into markup: inout Markup) {
        markup.element("ul", ["class": "legend"]) { markup in
            for (place, side) in report.sides.enumerated() {
                markup.element("li") { markup in
                    markup.element("svg", ["viewBox": "0 0 32 13", "aria-hidden": "true"]) { markup in
                        markup.empty("path", ["class": "line side\(place)", "d": "M0 6.5H32"])
                        SideMark(place).draw(16, 6.5, into: &markup)
                    }
                    markup.write(side.name)
                }
            }
        }
    }
}

extension Array {
    /// The elements that have the same key together, in the order of the first of each.
    fileprivate func grouped<Key: Hashable>(by key: (Element) -> Key) -> [[Element]] {
        var places: [Key: Int] = [:]
        var groups: [[Element]] = []
        for element in self {
            let place = places[key(element)] ?? groups.count
            if place == groups.count {
                places[key(element)] = place
                groups.append([])
            }
            groups[place].append(element)
        }
        return groups
    }
}
