/// A picture of a part of a report, with the numbers that it shows.
protocol Plot {
    /// What is shown, in a few words.
    var title: String { get }
    /// What there is to see, in sentences, for those who do not see it.
    var summary: String { get }
    /// The height, beside a width of ``PlotFrame/width``.
    var height: Double { get }
    /// Whether sides are told apart by colour and shape, so that a legend is needed.
    var needsLegend: Bool { get }
    /// The numbers.
    var table: PageTable { get }
    /// Draws the picture.
    func draw(into markup: inout Markup)
}
