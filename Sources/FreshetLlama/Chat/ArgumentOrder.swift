/// The order and number in which the arguments of a call come: none twice, and all that are required.
struct ArgumentOrder {
    private typealias Item = RuleText.Item

    /// An argument as a form has it.
    struct Argument {
        var items: [RuleText.Item]
        var isRequired: Bool
    }

    /// The most arguments of which any may come next: there is a rule for every set of those that are left. Of more, the
    /// required ones come first, in their order, and the others at most as often as there are of them.
    static let freeCount = 5

    /// The rules that were made.
    private(set) var rules: [(name: String, text: String)] = []

    /// Arguments, one at least.
    ///
    /// - Parameters:
    ///   - before: what comes before each.
    ///   - after: what comes after each.
    ///   - isList: whether `before` separates them, and there is one of them even where none is required.
    ///   - name: what the names of the rules begin with.
    mutating func sequence(
        of arguments: [Argument], _ before: [RuleText.Item], _ after: [RuleText.Item], isList: Bool, _ name: String
    ) -> [RuleText.Item] {
        var ruled: [Argument] = []
        for (place, argument) in arguments.enumerated() {
            let items = rule(argument.items, "\(name)-one-\(place)")
            ruled.append(Argument(items: items, isRequired: argument.isRequired))
        }
        let arguments = ruled
        guard arguments.count > Self.freeCount else {
            return sets(arguments, before, after, isList: isList, name)
        }
        var items: [Item] = []
        for argument in arguments where argument.isRequired {
            items += (isList && items.isEmpty ? [] : before) + argument.items + after
        }
        let others = arguments.filter { !$0.isRequired }
        let mayBegin = isList && items.isEmpty
        if others.isEmpty { return items }
        if others.count <= Self.freeCount { return items + sets(others, before, after, isList: mayBegin, name) }
        let any = Item.group(others.map(\.items))
        if mayBegin { items.append(any) }
        return items + [.group([before + [any] + after], suffix: "{0,\(others.count - (mayBegin ? 1 : 0))}")]
    }

    /// A rule in the place of items, which may then stand in many places.
    mutating func rule(_ items: [RuleText.Item], _ name: String) -> [RuleText.Item] {
        if items.count == 1, case .plain = items[0] { return items }
        rules.append((name, RuleText([items]).text))
        return [.plain(name)]
    }

    /// A rule for each set of arguments that may be left, and the reference to that of all.
    private mutating func sets(
        _ arguments: [Argument], _ before: [Item], _ after: [Item], isList: Bool, _ name: String
    ) -> [Item] {
        func reference(_ set: Int) -> [Item] { set == 0 ? [] : [.plain("\(name)-each-\(set)")] }
        func alternatives(_ set: Int, _ before: [Item]) -> [[Item]] {
            arguments.indices.filter { set >> $0 & 1 == 1 }
                .map { before + arguments[$0].items + after + reference(set & ~(1 << $0)) }
        }
        let all = 1 << arguments.count - 1
        for set in 1...all where set < all || !isList {
            let mayEnd = !arguments.indices.contains { set >> $0 & 1 == 1 && arguments[$0].isRequired }
            rules.append(("\(name)-each-\(set)", RuleText((mayEnd ? [[]] : []) + alternatives(set, before)).text))
        }
        return isList ? [.group(alternatives(all, []))] : reference(all)
    }
}
