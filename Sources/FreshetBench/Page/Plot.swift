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

/// Numbers in rows, of which the first column names the row.
struct PageTable {
    /// The columns' names.
    var head: [String]
    /// The rows, each with as many fields.
    var rows: [[String]]
    /// How many columns from the left hold words; the others hold numbers.
    var wordColumns = 1

    /// Writes the table.
    func write(into markup: inout Markup) {
        markup.element("div", ["class": "wide"]) { markup in
            markup.element("table") { markup in
                markup.element("thead") { markup in
                    markup.element("tr") { markup in
                        for (column, name) in head.enumerated() {
                            markup.element("th", ["scope": "col", "class": kind(column)], text: name)
                        }
                    }
                }
                markup.element("tbody") { markup in
                    for row in rows {
                        markup.element("tr") { markup in
                            for (column, field) in row.enumerated() {
                                if column == 0 {
                                    markup.element("th", ["scope": "row", "class": "word"], text: field)
                                } else {
                                    markup.element("td", ["class": kind(column)], text: field)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func kind(_ column: Int) -> String { column < wordColumns ? "word" : "number" }
}

extension Summary {
    /// The smallest and the greatest sample.
    var bounds: String { "\(Quantity.number(lowest))–\(Quantity.number(highest))" }
}
