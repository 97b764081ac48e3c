import Freshet

/// A mistake on the command line: one sentence that names what was typed and what would have been right.
struct UsageError: Error, Equatable {
    /// The sentence.
    var message: String
}

extension UsageError {
    /// The engine's complaint about one of its options, whose name the program's option has with hyphens.
    init(_ error: GenerationError) {
        message = error.message
        guard let parameter = error.parameter, message.hasPrefix(parameter) else { return }
        message = "--" + parameter.replacing("_", with: "-") + message.dropFirst(parameter.count)
    }
}

/// One option of a command: how it is written, what it says in the help, and what it changes.
///
/// Declarations are all there is: parsing, the help text, `/set` in the chat and its list of current values are made
/// from them.
struct Option<Values> {
    /// Every way to write it, as typed: `-n`, `--predict`. The last long one is the name used in sentences.
    var names: [String]
    /// What stands for the value in the help; `nil` for a switch, which needs none.
    var placeholder: String?
    /// What it does, for the help, without a full stop.
    var help: String
    /// The value that it has now, for the help and for `/set`; `nil` when there is nothing to show.
    var current: (Values) -> String?
    /// Takes a value. The second argument is the name as typed, for the sentence when the value is wrong.
    var apply: (inout Values, String, String) throws(UsageError) -> Void

    /// The names and the placeholder, as the help shows them.
    var usage: String {
        let line = names.joined(separator: ", ") + (placeholder.map { " " + $0 } ?? "")
        return names[0].hasPrefix("--") ? "    " + line : line
    }

    /// The same option for a value that holds this option's values as a part.
    func lifted<Whole>(to part: WritableKeyPath<Whole, Values>) -> Option<Whole> {
        Option<Whole>(
            names: names, placeholder: placeholder, help: help, current: { current($0[keyPath: part]) },
            apply: { (whole: inout Whole, value: String, name: String) throws(UsageError) in
                try apply(&whole[keyPath: part], value, name)
            })
    }
}

// The kinds of value. Each says what it expected in the same shape: "--top-p must be from 0 to 1, but is 3."
extension Option {
    /// An option that turns something on, or with `=off` off. `sets` is the value that "on" stands for.
    static func flag(
        _ names: String..., path: WritableKeyPath<Values, Bool>, sets: Bool = true, help: String
    ) -> Option {
        Option(
            names: names, placeholder: nil, help: help, current: { $0[keyPath: path] == sets ? "on" : "off" },
            apply: { (values: inout Values, text: String, name: String) throws(UsageError) in
                switch text {
                case "on", "true", "1": values[keyPath: path] = sets
                case "off", "false", "0": values[keyPath: path] = !sets
                default: throw UsageError(message: "\(name) is on or off, not \(text.quoted).")
                }
            })
    }

    /// An option with a whole number within a range.
    static func integer(
        _ names: String..., placeholder: String = "N", in range: ClosedRange<Int>, path: WritableKeyPath<Values, Int>,
        help: String
    ) -> Option {
        Option(
            names: names, placeholder: placeholder, help: help, current: { String($0[keyPath: path]) },
            apply: { (values: inout Values, text: String, name: String) throws(UsageError) in
                let bounds = describe(range, lowest: .min, highest: .max) { String($0) }
                guard let number = Int(text) else {
                    throw UsageError(
                        message:
                            "\(name) needs a whole number\(bounds.isEmpty ? "" : " (\(bounds))"), but got \(text.quoted)."
                    )
                }
                guard range.contains(number) else {
                    throw UsageError(message: "\(name) must be \(bounds), but is \(number).")
                }
                values[keyPath: path] = number
            })
    }

    /// An option with whole numbers within a range, with commas between them.
    static func numbers(
        _ names: String..., in range: ClosedRange<Int>, path: WritableKeyPath<Values, [Int]>, help: String
    ) -> Option {
        Option(
            names: names, placeholder: "N,…", help: help,
            current: { $0[keyPath: path].map(String.init).joined(separator: ",") },
            apply: { (values: inout Values, text: String, name: String) throws(UsageError) in
                var numbers: [Int] = []
                for word in try [String](list: text, of: "whole numbers", for: name) {
                    guard let number = Int(word), range.contains(number) else {
                        let bounds = describe(range, lowest: .min, highest: .max) { String($0) }
                        throw UsageError(
                            message: "\(name) needs whole numbers (\(bounds)) with a comma between them, but got "
                                + "\(word.quoted).")
                    }
                    numbers.append(number)
                }
                values[keyPath: path] = numbers
            })
    }

    /// An option with a finite number within a range.
    static func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ names: String..., placeholder: String = "X", in range: ClosedRange<Number>,
        path: WritableKeyPath<Values, Number>, help: String
    ) -> Option {
        Option(
            names: names, placeholder: placeholder, help: help, current: { plain($0[keyPath: path]) },
            apply: { (values: inout Values, text: String, name: String) throws(UsageError) in
                let limit = Number.greatestFiniteMagnitude
                let isPositive = range == .leastNonzeroMagnitude...limit
                let bounds =
                    isPositive ? "more than 0" : describe(range, lowest: -limit, highest: limit) { plain($0) }
                guard let number = Number(text), number.isFinite else {
                    throw UsageError(
                        message:
                            "\(name) needs a number\(bounds.isEmpty ? "" : " (\(bounds))"), but got \(text.quoted).")
                }
                guard range.contains(number) else {
                    throw UsageError(message: "\(name) must be \(bounds), but is \(text).")
                }
                values[keyPath: path] = number
            })
    }

    /// An option whose value is text that the declaration reads itself. `set` gets the text and the name as typed.
    static func text(
        _ names: String..., placeholder: String, help: String, current: @escaping (Values) -> String? = { _ in nil },
        set: @escaping (inout Values, String, String) throws(UsageError) -> Void
    ) -> Option {
        Option(names: names, placeholder: placeholder, help: help, current: current, apply: set)
    }

    /// An option with one of a few words.
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ names: String..., path: WritableKeyPath<Values, Choice>, help: String
    ) -> Option {
        let words = Choice.allCases.map(\.rawValue)
        return Option(
            names: names, placeholder: words.joined(separator: "|"), help: help,
            current: { $0[keyPath: path].rawValue },
            apply: { (values: inout Values, text: String, name: String) throws(UsageError) in
                guard let choice = Choice(rawValue: text) else {
                    throw UsageError(
                        message: "\(name) must be \(words.joined(separator: ", ")), but is \(text.quoted).")
                }
                values[keyPath: path] = choice
            })
    }
}

/// A range in words; empty when there is nothing to say.
private func describe<Bound>(
    _ range: ClosedRange<Bound>, lowest: Bound, highest: Bound, _ text: (Bound) -> String
) -> String {
    switch (range.lowerBound == lowest, range.upperBound == highest) {
    case (true, true): ""
    case (true, false): "\(text(range.upperBound)) or less"
    case (false, true): "\(text(range.lowerBound)) or more"
    case (false, false): "from \(text(range.lowerBound)) to \(text(range.upperBound))"
    }
}

/// A number without a needless ".0".
private func plain<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ number: Number) -> String {
    Int64(exactly: number).map(String.init) ?? String(number)
}

/// The argument of a command that is not an option, or several of them.
struct Operand<Values> {
    /// What stands for it in the help.
    var placeholder: String
    /// Whether the command needs it.
    var isRequired: Bool
    /// What it is, for the help.
    var help: String
    /// Where it goes.
    var place: Place

    /// Where an argument goes, or several do.
    enum Place {
        case one(WritableKeyPath<Values, String?>)
        case many(WritableKeyPath<Values, [String]>)
    }

    /// One argument.
    init(placeholder: String, isRequired: Bool, help: String, path: WritableKeyPath<Values, String?>) {
        (self.placeholder, self.isRequired, self.help, place) = (placeholder, isRequired, help, .one(path))
    }

    /// Any number of arguments, also none.
    init(placeholder: String, help: String, path: WritableKeyPath<Values, [String]>) {
        (self.placeholder, isRequired, self.help, place) = (placeholder, false, help, .many(path))
    }
}

/// Options under one heading of the help.
struct OptionGroup<Values> {
    /// The heading.
    var title: String
    /// The options, in the order of the help.
    var options: [Option<Values>]

    /// The same group for a value that holds this group's values as a part.
    func lifted<Whole>(to part: WritableKeyPath<Whole, Values>) -> OptionGroup<Whole> {
        OptionGroup<Whole>(title: title, options: options.map { $0.lifted(to: part) })
    }
}

/// How one command is written: from an array of strings to a plain value, and to a help page.
struct Syntax<Values> {
    /// The command's name.
    var name: String
    /// What it does, in one line.
    var summary: String
    /// The values when nothing is typed.
    var defaults: Values
    /// The argument that is not an option, where there is one.
    var operand: Operand<Values>?
    /// The options.
    var groups: [OptionGroup<Values>]
    /// Paragraphs for the end of the help page.
    var notes: [String] = []

    private var options: [Option<Values>] { groups.flatMap(\.options) }

    /// Reads a command's arguments, the command's name not among them.
    ///
    /// - Returns: the values, or `nil` when help was asked for.
    /// - Throws: ``UsageError`` for the first argument that is wrong.
    func parse(_ arguments: [String]) throws(UsageError) -> Values? {
        var values = defaults
        var rest = arguments[...]
        var operands: [String] = []
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                operands.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, attached) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
            if name == "-h" || name == "--help" { return nil }
            guard let option = options.first(where: { $0.names.contains(name) }) else { throw unknown(name) }
            let value = if let attached { attached } else { try value(for: option, name: name, from: &rest) }
            try option.apply(&values, value, name)
        }
        try take(operands, into: &values)
        return values
    }

    /// The value of an option that was not attached with `=`.
    private func value(
        for option: Option<Values>, name: String, from rest: inout ArraySlice<String>
    ) throws(UsageError) -> String {
        guard let placeholder = option.placeholder else { return "on" }
        guard let value = rest.popFirst() else {
            throw UsageError(message: "\(name) needs a value: \(name) \(placeholder).")
        }
        if options.contains(where: { $0.names.contains(value) }) {
            throw UsageError(
                message: "\(name) needs a value, but \(value) follows; to mean it, write \(name)=\(value).")
        }
        return value
    }

    private func take(_ operands: [String], into values: inout Values) throws(UsageError) {
        guard let operand else {
            guard let extra = operands.first else { return }
            throw UsageError(message: "\(name) takes options only, but got \(extra.quoted).")
        }
        let path: WritableKeyPath<Values, String?>
        switch operand.place {
        case .many(let path): return values[keyPath: path] += operands
        case .one(let one): path = one
        }
        if operands.count > 1 {
            throw UsageError(
                message:
                    "\(name) takes one \(operand.placeholder), but got \(operands[0].quoted) and \(operands[1].quoted); "
                    + "put text with spaces in quotes.")
        }
        guard let typed = operands.first else {
            guard !operand.isRequired || values[keyPath: path] != nil else {
                throw UsageError(
                    message: "\(name) needs a \(operand.placeholder): freshet \(name) \(operand.placeholder).")
            }
            return
        }
        if let other = values[keyPath: path] {
            throw UsageError(
                message: "\(operand.placeholder) is given twice: as \(other.quoted) and as \(typed.quoted).")
        }
        values[keyPath: path] = typed
    }

    private func unknown(_ typed: String) -> UsageError {
        let names = options.flatMap(\.names) + ["--help"]
        let hint = names.nearest(to: typed).map { "; did you mean \($0)?" } ?? "."
        return UsageError(message: "\(name) has no option \(typed)\(hint)")
    }

    /// The help page.
    ///
    /// - Parameter width: columns of the terminal.
    func help(width: Int) -> String {
        var usage = "Usage: freshet \(name) [OPTION]…"
        if let operand {
            usage += operand.isRequired ? " \(operand.placeholder)" : " [\(operand.placeholder)]"
            if case .many = operand.place { usage += "…" }
        }
        var lines = ["\(summary).", "", usage, ""]
        if let operand { lines += HelpLine(term: operand.placeholder, text: operand.help).lines(width: width) + [""] }
        for group in groups {
            lines.append("\(group.title):")
            for option in group.options {
                var text = option.help
                if option.placeholder != nil, let value = option.current(defaults), !value.isEmpty {
                    text += " (\(value))"
                }
                lines += HelpLine(term: option.usage, text: text).lines(width: width)
            }
            lines.append("")
        }
        for note in notes { lines += note.wrapped(to: width) + [""] }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }
}
