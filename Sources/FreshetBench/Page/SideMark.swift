/// The shape that stands for a side's value: sides are told apart without colours too.
struct SideMark {
    private let side: Int

    /// The shape of the side at that place in the report.
    init(_ side: Int) { self.side = side }

    /// Draws the shape around a place.
    func draw(_ x: Double, _ y: Double, into markup: inout Markup) {
        if side == 0 {
            markup.empty("circle", ["class": "mark side0", "cx": x.inPixels, "cy": y.inPixels, "r": "4.5"])
        } else {
            markup.empty(
                "rect",
                [
                    "class": "mark side\(side)", "x": (x - 4).inPixels, "y": (y - 4).inPixels, "width": "8",
                    "height": "8",
                ])
        }
    }
}
