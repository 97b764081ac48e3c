internal import Freshet

/// What sequences hold in memory, as a tree over tokens: a radix tree whose nodes are runs of cells.
///
/// It models llama.cpp's unified memory, where a cell belongs to one or more sequences. A sequence holds every node
/// from the root down to the place where it ends, and each of them wholly, so a child's holders are among its parent's.
/// Siblings may begin with the same token: sequences that computed the same tokens by themselves hold different cells.
struct PrefixTree: Sendable {
    /// A node's index. It means the same place, the node's end, for as long as a sequence ends there.
    typealias Place = Int

    /// A run of cells.
    struct Node: Sendable {
        var parent: Place
        /// The first token's position in every sequence that holds it.
        var start: Int
        var tokens: [Token]
        var children: [Place] = []
        var holders: Set<Int32>
        /// How many of the holders still generate, so that the cells must stay.
        var runningHolders: Int
        /// When the cells were last asked for, as a count of such events; never later than the parent's.
        var lastUse: UInt64
        /// Whether the values depend on tokens that are forgotten, so that nobody else can use them.
        var isPrivate: Bool

        /// The position after the last token.
        var end: Int { start + tokens.count }
    }

    /// The empty beginning that all sequences have in common. No sequence is among its holders.
    static let root: Place = 0

    /// All nodes; those in `vacant` are empty.
    private(set) var nodes = [
        Node(parent: root, start: 0, tokens: [], holders: [], runningHolders: 0, lastUse: 0, isPrivate: false)
    ]
    /// Indices of nodes that can be taken again.
    private(set) var vacant: [Place] = []
    /// Cells that at least one sequence holds.
    private(set) var usedCells = 0

    /// The cells that no running sequence holds.
    var idleCells: Int {
        nodes.indices.reduce(0) { $0 + (nodes[$1].runningHolders == 0 ? nodes[$1].tokens.count : 0) }
    }

    /// Nodes from a place up to the root, which is left out.
    func path(to place: Place) -> some Sequence<Place> {
        sequence(first: place) { nodes[$0].parent }.prefix { $0 != Self.root }
    }

    /// The tokens that lead to a place.
    func tokens(to place: Place) -> [Token] { path(to: place).reversed().flatMap { nodes[$0].tokens } }

    /// How much of the way to a place others may use.
    func publicLength(of place: Place) -> Int {
        path(to: place).first { !nodes[$0].isPrivate }.map { nodes[$0].end } ?? 0
    }

    // MARK: - Finding

    /// A node that tokens lead to, and how many of its tokens they have in common with it.
    struct Match {
        var place: Place
        var end: Int
        /// Whether the node ends here too.
        var isWhole: Bool
    }

    /// Every node that `tokens` lead to, on every way, parents before children.
    func matches(of tokens: ArraySlice<Token>) -> [Match] {
        tokens.withUnsafeBufferPointer { wanted in
            var found: [Match] = []
            var open = [Self.root]
            while let place = open.popLast() {
                let start = nodes[place].start
                let (common, isWhole) = nodes[place].tokens.withUnsafeBufferPointer { run in
                    let limit = min(run.count, wanted.count - start)
                    var common = 0
                    while common < limit, run[common] == wanted[start + common] { common += 1 }
                    return (common, common == run.count)
                }
                found.append(Match(place: place, end: start + common, isWhole: isWhole))
                guard isWhole, start + common < wanted.count else { continue }
                // Reversed, because the last is taken first: of several ways, the first child's is found first.
                open += nodes[place].children.reversed().filter {
                    !nodes[$0].isPrivate && nodes[$0].tokens[0] == wanted[start + common]
                }
            }
            return found
        }
    }

    // MARK: - Holding

    /// Lets a sequence, which holds nothing yet, hold everything up to a place.
    mutating func hold(_ place: Place, by sequence: Int32, isRunning: Bool) {
        for node in path(to: place) {
            nodes[node].holders.insert(sequence)
            if isRunning { nodes[node].runningHolders += 1 }
        }
    }

    /// Says that a sequence which ends at a place begins, or ceases, to generate.
    mutating func setRunning(_ isRunning: Bool, at place: Place) {
        for node in path(to: place) { nodes[node].runningHolders += isRunning ? 1 : -1 }
    }

    /// Says that everything up to a place has been asked for.
    mutating func touch(_ place: Place, at time: UInt64) {
        let path = Array(path(to: place))
        for node in path + [Self.root] { nodes[node].lastUse = time }
        path.forEach { coalesce($0) }
    }

    /// Adds tokens after a place where a sequence ends.
    ///
    /// - Returns: where the sequence ends then.
    mutating func append(
        _ tokens: ArraySlice<Token>, at place: Place, by sequence: Int32, isRunning: Bool, isPrivate: Bool = false
    ) -> Place {
        guard !tokens.isEmpty else { return place }
        usedCells += tokens.count
        let isPrivate = isPrivate || nodes[place].isPrivate
        // In place where nobody else is concerned: a stream grows by a token a step, and nothing is copied for it.
        if nodes[place].holders.count == 1, nodes[place].isPrivate == isPrivate {
            nodes[place].tokens.append(contentsOf: tokens)
            return place
        }
        let node = Node(
            parent: place, start: nodes[place].end, tokens: Array(tokens), holders: [sequence],
            runningHolders: isRunning ? 1 : 0, lastUse: nodes[place].lastUse, isPrivate: isPrivate)
        let child = occupy(node)
        nodes[place].children.append(child)
        return child
    }

    /// Takes a sequence from the cells at positions from `length` on. Cells that nobody holds then are free.
    ///
    /// - Parameter place: where it ends.
    /// - Returns: where it ends then.
    mutating func release(_ place: Place, to length: Int, by sequence: Int32, isRunning: Bool) -> Place {
        var end = place
        var left: [Place] = []
        while nodes[end].end > length {
            var parent = nodes[end].parent
            if nodes[end].holders.count == 1 {
                let kept = max(length - nodes[end].start, 0)
                usedCells -= nodes[end].tokens.count - kept
                guard kept == 0 else {
                    nodes[end].tokens.removeLast(nodes[end].tokens.count - kept)
                    break
                }
                nodes[parent].children.removeAll { $0 == end }
                vacate(end)
            } else {
                if nodes[end].start < length { parent = split(end, at: length) }
                nodes[end].holders.remove(sequence)
                if isRunning { nodes[end].runningHolders -= 1 }
                left.append(end)
            }
            end = parent
        }
        left.forEach { coalesce($0) }
        return end
    }

    // MARK: - Nodes

    /// Divides a node, if need be, so that a node ends at a position within it.
    ///
    /// - Returns: the node that ends there. The given place stays where it is.
    mutating func split(_ place: Place, at position: Int) -> Place {
        let count = position - nodes[place].start
        guard count < nodes[place].tokens.count else { return place }
        guard count > 0 else { return nodes[place].parent }
        var head = nodes[place]
        head.tokens = Array(head.tokens.prefix(count))
        head.children = [place]
        let headPlace = occupy(head)
        replaceChild(place, of: head.parent, with: headPlace)
        nodes[place].tokens.removeFirst(count)
        nodes[place].start = position
        nodes[place].parent = headPlace
        return headPlace
    }

    /// Unites a node with its only child where nothing tells them apart, so that the tree does not crumble.
    private mutating func coalesce(_ place: Place) {
        guard place != Self.root, nodes[place].children.count == 1 else { return }
        let child = nodes[place].children[0]
        // A child's holders are among its parent's: as many are the same.
        guard nodes[child].holders.count == nodes[place].holders.count,
            nodes[child].lastUse == nodes[place].lastUse, nodes[child].isPrivate == nodes[place].isPrivate
        else { return }
        nodes[child].tokens = nodes[place].tokens + nodes[child].tokens
        nodes[child].start = nodes[place].start
        nodes[child].parent = nodes[place].parent
        replaceChild(place, of: nodes[place].parent, with: child)
        vacate(place)
    }

    private mutating func replaceChild(_ old: Place, of parent: Place, with new: Place) {
        nodes[parent].children = nodes[parent].children.map { $0 == old ? new : $0 }
    }

    private mutating func occupy(_ node: Node) -> Place {
        guard let place = vacant.popLast() else {
            nodes.append(node)
            return nodes.count - 1
        }
        nodes[place] = node
        return place
    }

    private mutating func vacate(_ place: Place) {
        nodes[place].tokens = []
        nodes[place].children = []
        nodes[place].holders = []
        nodes[place].runningHolders = 0
        vacant.append(place)
    }
}

extension PrefixTree {
    /// A sentence naming the first broken invariant; `nil` when all hold.
    func brokenInvariant() -> String? {
        var seen: Set<Place> = [Self.root]
        var cells = 0
        var open = [Self.root]
        while let place = open.popLast() {
            let node = nodes[place]
            cells += node.tokens.count
            for child in node.children {
                let lower = nodes[child]
                guard seen.insert(child).inserted else { return "Node \(child) has two parents." }
                if lower.parent != place { return "Node \(child) does not know its parent \(place)." }
                if lower.start != node.end { return "Node \(child) does not begin where \(place) ends." }
                if lower.tokens.isEmpty { return "Node \(child) has no tokens." }
                if lower.holders.isEmpty { return "Nobody holds node \(child)." }
                if lower.lastUse > node.lastUse { return "Node \(child) was used later than its parent." }
                if lower.isPrivate, lower.runningHolders != 1 || lower.holders.count != 1 {
                    return "Private node \(child) is not one running sequence's."
                }
                if node.isPrivate, !lower.isPrivate { return "Node \(child) is public below a private one." }
                if place != Self.root, !lower.holders.isSubset(of: node.holders) {
                    return "Node \(child) has holders that its parent lacks."
                }
                if place != Self.root, node.children.count == 1, lower.holders == node.holders,
                    lower.lastUse == node.lastUse, lower.isPrivate == node.isPrivate
                {
                    return "Nodes \(place) and \(child) should be one."
                }
                open.append(child)
            }
        }
        if cells != usedCells { return "\(cells) cells are in the tree, but \(usedCells) are counted." }
        if seen.count + vacant.count != nodes.count || !seen.isDisjoint(with: vacant) {
            return "Nodes are lost, or vacant and in use."
        }
        return nil
    }
}
