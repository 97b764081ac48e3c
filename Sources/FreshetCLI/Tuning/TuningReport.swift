import FreshetBench
import FreshetLlama

/// What a search for the fastest settings tells a person.
struct TuningReport {
    /// The search at its end.
    var search: TuningSearch
    /// Where the profile was saved; `nil` when it was not.
    var place: String?
    /// Whether it was not to be saved.
    var isDryRun = false

    /// Whether what was found may be saved: it was measured to be as fast as what was before. Where nothing was faster,
    /// a profile without settings says so.
    var isWorthSaving: Bool {
        guard let last = search.findings.last, last.subject == nil else { return true }
        return last.isKept
    }

    /// The whole text.
    var text: String { (tableLines + [""] + resultLines).joined(separator: "\n") + "\n" }

    /// A line for each change that was measured.
    private var tableLines: [String] {
        let names = search.findings.map { $0.subject ?? "all that was kept" }
        let width = names.map(\.count).max() ?? 0
        return ["Speed after each change, divided by that before:"]
            + zip(names, search.findings).map { name, finding in
                let ratios = TuningObjective.allCases.map { objective in
                    finding.ratios[objective].map { "\(objective.rawValue) \(Quantity.number($0)) ×" } ?? ""
                }
                let columns = [name.filled(to: width)] + ratios.map { $0.filled(to: 14) }
                let verdict = finding.remark ?? (finding.isKept ? "kept" : "not kept")
                return "  " + columns.joined(separator: "  ") + "  " + verdict
            }
    }

    private var resultLines: [String] {
        guard isWorthSaving else {
            return ["All together was not as fast as the engine's own choice; nothing was saved."]
        }
        let arguments = search.changes.arguments
        var lines = [
            arguments.isEmpty
                ? "Nothing was clearly faster than the engine's own choice."
                : "Faster on this machine: \(arguments.joined(separator: " "))"
        ]
        for gain in search.gains ?? [] {
            lines.append(
                "  \(gain.objective.rawValue): \(Quantity.number(gain.after)) t/s, before "
                    + "\(Quantity.number(gain.before)) (\(Quantity.number(gain.ratio)) ×)")
        }
        if let place {
            lines.append("Saved in \(place); every command uses it, unless it is told --no-profile.")
        } else if isDryRun {
            lines.append("Not saved, because of --dry-run.")
        }
        return lines
    }
}

extension String {
    fileprivate func filled(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
