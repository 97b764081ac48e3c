/// The part of a plot between its axes, and the axes.
struct PlotFrame {
    /// A plot's width. The page makes it wider or narrower, and the letters with it.
    static let width = 720.0

    /// The place of the left axis.
    let left: Double
    /// The place of the right end.
    let right: Double
    /// The place of the upper end.
    let top: Double
    /// The place of the lower axis.
    let bottom: Double

    /// A value to mark on an axis, and what stands there.
    typealias Mark = (place: Double, text: String)

    /// A frame with room around it for the axes' numbers and names.
    init(left: Double = 62, right: Double = width - 14, top: Double, bottom: Double) {
        (self.left, self.right, self.top, self.bottom) = (left, right, top, bottom)
    }

    /// Draws the lower axis: its marks, its numbers and its name below.
    func drawX(_ marks: [Mark], name: String?, hasLines: Bool = false, into markup: inout Markup) {
        for (place, text) in marks {
            if hasLines { line(place, top, place, bottom, "grid", into: &markup) }
            line(place, bottom, place, bottom + 5, "axis", into: &markup)
            Self.text(text, place, bottom + 19, "middle", into: &markup)
        }
        line(left, bottom, right, bottom, "axis", into: &markup)
        if let name { Self.text(name, (left + right) / 2, bottom + 40, "middle", "name", into: &markup) }
    }

    /// Draws the left axis: lines across at its marks, its numbers, and its name above it.
    func drawY(_ marks: [Mark], name: String?, into markup: inout Markup) {
        for (place, text) in marks {
            if abs(place - bottom) > 0.5 { line(left, place, right, place, "grid", into: &markup) }
            Self.text(text, left - 8, place + 4, "end", into: &markup)
        }
        if let name { Self.text(name, 0, top - 14, "start", "name", into: &markup) }
    }

    /// Draws a straight line.
    func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String, into markup: inout Markup
    ) {
        markup.empty(
            "line",
            [
                "class": kind, "x1": x1.inPixels, "y1": y1.inPixels, "x2": x2.inPixels, "y2": y2.inPixels,
            ])
    }

    /// Draws words.
    ///
    /// - Parameter anchor: which part of them is at the place: `start`, `middle` or `end`.
    static func text(
        _ words: String, _ x: Double, _ y: Double, _ anchor: String, _ kind: String = "label",
        into markup: inout Markup
    ) {
        markup.element(
            "text", ["class": kind, "x": x.inPixels, "y": y.inPixels, "text-anchor": anchor], text: words)
    }

    /// Words that have to fit into a plot.
    static func short(_ words: String, to count: Int) -> String {
        words.count <= count ? words : words.prefix(count - 1) + "…"
    }
}
