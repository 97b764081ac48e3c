/// What the machine allows, against the tokens that are computed for one reading of the weights: the roofline
/// (Williams, Waterman and Patterson 2009) in a model's own units. An answer of one stream is at its left end, a prompt
/// at its right.
struct RooflinePlot: Plot {
    private let roofline: Roofline
    /// The limits of an answer and of a prompt, in tokens a second.
    private let limit: (decode: Double, prefill: Double)
    private let promptLength: Int
    private let x: PlotScale
    private let y: PlotScale
    private let frame: PlotFrame

    /// The plot of a report's roofline; `nil` when there is none.
    init?(_ report: Report) {
        guard let roofline = report.roofline, let decode = roofline.decodeLimit, let prefill = roofline.prefillLimit
        else { return nil }
        (self.roofline, limit) = (roofline, (decode, prefill))
        let lengths = report.measurements.filter { $0.topic == .prompt }.compactMap(\.parameters.promptLength)
        // The roof is flat there: it does not matter where exactly the prompt stands.
        promptLength = max(lengths.max() ?? 512, 2)
        frame = PlotFrame(top: 34, bottom: 286)
        let speeds = [
            decode, prefill, decode * (roofline.decodeShare ?? 1), prefill * (roofline.prefillShare ?? 1),
        ].filter { $0 > 0 }
        let x = PlotScale(
            .logarithmic, 0.7, max(Double(promptLength), 2 * prefill / decode) * 1.6, from: frame.left,
            to: frame.right)
        let y = PlotScale(
            .logarithmic, (speeds.min() ?? 1) / 2, (speeds.max() ?? 1) * 2.5, from: frame.bottom, to: frame.top)
        guard let x, let y else { return nil }
        (self.x, self.y) = (x, y)
    }

    var title: String { "What the machine allows, and what is reached" }
    var height: Double { 332 }
    var needsLegend: Bool { false }

    var summary: String {
        let decode = "Memory allows one stream \(Quantity.number(limit.decode)) tokens a second"
        let prefill = "Arithmetic allows a prompt \(Quantity.number(limit.prefill)) tokens a second"
        return decode + Self.reached(roofline.decodeShare) + " " + prefill + Self.reached(roofline.prefillShare)
    }

    private static func reached(_ share: Double?) -> String {
        share.map { ", of which \(Quantity.percent($0)) is reached." } ?? "."
    }

    var table: PageTable {
        var rows = [
            row("limit of an answer, t/s", limit.decode),
            row("limit of a prompt, t/s", limit.prefill),
            row("memory read, GB/s", roofline.measuredReadBandwidth / 1e9),
            row("bytes that a token reads, MB", roofline.bytesPerToken / 1e6),
            row("… of them weights, MB", roofline.weightBytesPerToken / 1e6),
            row("… of them keys and values of \(roofline.depth) tokens, MB", roofline.cacheBytesPerToken / 1e6),
            row("operations that a prompt's token takes, G", roofline.operationsPerToken / 1e9),
            row("floating-point operations a second, G", roofline.floatRate / 1e9),
            ["threads", "\(roofline.threads)"],
        ]
        if let rate = roofline.int8Rate { rows.insert(row("8-bit integer operations a second, G", rate / 1e9), at: 7) }
        if let share = roofline.prefillShare { rows.insert(["… reached", Quantity.percent(share)], at: 2) }
        if let share = roofline.decodeShare { rows.insert(["… reached", Quantity.percent(share)], at: 1) }
        return PageTable(head: ["what", "how much"], rows: rows)
    }

    private func row(_ name: String, _ value: Double) -> [String] { [name, Quantity.number(value)] }

    func draw(into markup: inout Markup) {
        frame.drawY(
            y.marks(about: 6).map { (y.place($0), $0.atMark) }, name: "tokens a second", into: &markup)
        frame.drawX(
            x.marks(about: 8).map { (x.place($0), $0.atMark) },
            name: "tokens that are computed for one reading of the weights", into: &markup)
        // The roof: memory's limit rises with the tokens that share a reading, up to that of arithmetic.
        let bend = max(limit.prefill / limit.decode, x.domain.lowerBound)
        let start = min(limit.decode * x.domain.lowerBound, limit.prefill)
        let left = max(start, y.domain.lowerBound)
        let corner = (x.place(bend), y.place(limit.prefill))
        let first = (x.place(left / start * x.domain.lowerBound), y.place(left))
        markup.empty(
            "path",
            [
                "class": "roof",
                "d": "M\(first.0.inPixels) \(first.1.inPixels)L\(corner.0.inPixels) \(corner.1.inPixels)"
                    + "H\(frame.right.inPixels)",
            ])
        PlotFrame.text(
            "limit of arithmetic: \(Quantity.number(limit.prefill)) t/s", frame.right, corner.1 - 9, "end",
            into: &markup)
        drawPoint("one stream", at: 1, limit: limit.decode, share: roofline.decodeShare, into: &markup)
        drawPoint(
            "a prompt of \(promptLength)", at: Double(promptLength), limit: limit.prefill,
            share: roofline.prefillShare, into: &markup)
    }

    /// Draws a measured speed, and how far it is below the roof.
    private func drawPoint(
        _ name: String, at tokens: Double, limit: Double, share: Double?, into markup: inout Markup
    ) {
        guard let share, share > 0 else { return }
        let (place, height) = (x.place(tokens), y.place(limit * share))
        frame.line(place, y.place(limit), place, height, "rule", into: &markup)
        SideMark(0).draw(place, height, into: &markup)
        let isLate = place > (frame.left + frame.right) / 2
        let words = "\(name): \(Quantity.number(limit * share)) t/s, \(Quantity.percent(share)) of the limit"
        PlotFrame.text(
            words, place + (isLate ? -10 : 12), height + (isLate ? 18 : 14), isLate ? "end" : "start", "label over",
            into: &markup)
    }
}
