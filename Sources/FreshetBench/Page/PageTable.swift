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
