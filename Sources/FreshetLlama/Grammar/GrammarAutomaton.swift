/// Walks a grammar byte by byte: a pushdown automaton whose states are made as they are met, and kept, so that a byte
/// that was read before in the same state costs one look into a table.
///
/// A state is all the ways in which the bytes so far can be read. Each way is a place in the rules and, in a list that
/// ways share, the places at which to go on when its rule is over. A rule that ends another leaves no such place behind,
/// and turns without a most are counted up to their least, so that a text of any length needs few states.
///
/// One answer owns an automaton and uses it from one thread at a time.
struct GrammarAutomaton: ~Copyable {
    /// A way to read the text so far.
    private struct Way: Hashable, Comparable {
        /// The state of ``GrammarRules/bytes`` that reads the next byte; -1 where a token is to come.
        var character: Int16
        /// The element that is being read.
        var element: Int32
        /// Where to go on after its sequence, as a number of `frames`.
        var frame: Int32

        static func < (left: Way, right: Way) -> Bool {
            (left.element, left.frame, left.character) < (right.element, right.frame, right.character)
        }
    }

    /// A place at which to go on.
    private struct Frame: Hashable {
        /// The element: the one after a rule, or the turns of which one is being read.
        var element: Int32
        /// How many turns were before the one that is being read; -1 after a rule.
        var turn: Int32
        /// What comes after.
        var parent: Int32
    }

    private struct State: Hashable {
        var ways: [Way]
        /// Whether the text may end here.
        var isEnd: Bool
    }

    /// What a byte leads to where the grammar refuses it.
    static let dead: Int32 = -1
    private static let unknown: Int32 = -2

    private let rules: GrammarRules
    private var states: [State] = []
    private var numbers: [State: Int32] = [:]
    /// 256 entries for each state.
    private var next: [Int32] = []
    /// Number 0 is the end of the text.
    private var frames = [Frame(element: -1, turn: 0, parent: -1)]
    private var frameNumbers: [Frame: Int32] = [:]
    private var places: [(element: Int32, frame: Int32)] = []
    private var seen: Set<UInt64> = []
    private var begun: Set<Int32> = []
    /// How many places in the rules were looked at since ``tidy(_:)``.
    private var work = 0
    /// Whether a limit was passed. All bytes are refused from then on.
    private(set) var isExhausted = false

    /// What keeps a hostile grammar from taking time and memory: in all the ways in which a text can be read at once,
    /// and in what is kept of them.
    enum Limits {
        /// Ways in one state. An `enum` of a schema has as many as it has values that begin alike.
        static let ways = 16_384
        /// Places in the rules that are looked at before one byte, by one way.
        static let places = 65_536
        /// Places that are looked at for one token: some tens of milliseconds.
        static let work = 1 << 19
        /// States and frames that are kept; when there are more, all but the current one's are forgotten.
        static let (states, frames) = (2048, 1 << 18)
        /// How many times that there may be of them before one token is chosen.
        static let excess = 16
    }

    init(_ rules: GrammarRules) { self.rules = rules }

    /// The state before the first byte.
    mutating func start() -> Int32 {
        var state = State(ways: [], isEnd: false)
        let alternatives = rules.alternatives[Int(rules.root)]
        for alternative in alternatives { close(alternative, 0, into: &state) }
        return number(of: &state)
    }

    /// Whether the text may end in a state.
    func isEnd(_ state: Int32) -> Bool { states[Int(state)].isEnd }

    /// Whether nothing can follow in a state.
    func isComplete(_ state: Int32) -> Bool { states[Int(state)].ways.isEmpty }

    /// Whether a state waits for a token by its number.
    func wantsTokens(_ state: Int32) -> Bool { states[Int(state)].ways.contains { $0.character < 0 } }

    /// About how many of the 256 bytes a state takes, at least; all where it takes nearly every token.
    func breadth(_ state: Int32) -> Int {
        var breadth = 0
        for way in states[Int(state)].ways {
            if way.character >= 0 {
                breadth = max(breadth, Int(rules.bytes.breadths[Int(way.character)]))
            } else if case .notToken = rules.elements[Int(way.element)] {
                return 256
            }
        }
        return breadth
    }

    /// Adds the tokens whose bytes the grammar takes after a state to a set, going down the tree of tokens as far as the
    /// grammar does.
    mutating func insert(_ table: TokenTable, after state: Int32, into allowed: inout TokenSet) {
        // The states on the way down, by depth.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: table.depth + 1) { way in
            table.nodes.withUnsafeBufferPointer { nodes in
                table.tokens.withUnsafeBufferPointer { tokens in
                    way[0] = state
                    var place = 0
                    while place < nodes.count {
                        let node = nodes[place]
                        let (depth, from) = (Int(node.depth), way[Int(node.depth)])
                        var target = next[Int(from) << 8 | Int(node.byte)]
                        if target == Self.unknown { target = step(from, node.byte) }
                        guard target != Self.dead else {
                            place = Int(node.after)
                            continue
                        }
                        way[depth + 1] = target
                        let first = Int(node.firstToken)
                        for rank in first..<first + Int(node.tokenCount) { allowed.insert(tokens[rank]) }
                        place += 1
                    }
                }
            }
        }
    }

    /// The state after a byte; ``dead`` where the grammar refuses it.
    mutating func step(_ state: Int32, _ byte: UInt8) -> Int32 {
        let known = next[Int(state) << 8 | Int(byte)]
        guard known == Self.unknown else { return known }
        var result = State(ways: [], isEnd: false)
        // Looking a byte up is a small part of the work that going on from there is.
        work += 1 + states[Int(state)].ways.count / 16
        for place in states[Int(state)].ways.indices {
            let way = states[Int(state)].ways[place]
            guard way.character >= 0 else { continue }
            let target = rules.bytes.next[Int(way.character) << 8 | Int(byte)]
            if target == ByteTable.end {
                close(way.element + 1, way.frame, into: &result)
            } else if target != ByteTable.dead {
                result.ways.append(Way(character: target, element: way.element, frame: way.frame))
            }
        }
        let found = number(of: &result)
        next[Int(state) << 8 | Int(byte)] = found
        return found
    }

    /// The state after a token that the grammar names, or has text for.
    ///
    /// - Parameter other: the state after the token's bytes, or ``dead``.
    mutating func step(_ state: Int32, token: Int32, or other: Int32) -> Int32 {
        var result = other == Self.dead ? State(ways: [], isEnd: false) : states[Int(other)]
        for way in states[Int(state)].ways where takes(way, token) { close(way.element + 1, way.frame, into: &result) }
        return number(of: &result)
    }

    /// Whether a state takes a token by its number.
    func takes(_ state: Int32, token: Int32) -> Bool { states[Int(state)].ways.contains { takes($0, token) } }

    /// What a state says about tokens by their number: those it takes, and those without which it takes all.
    func namedTokens(_ state: Int32) -> (taken: [Int32], allBut: [Int32]) {
        var (taken, allBut) = ([Int32](), [Int32]())
        for way in states[Int(state)].ways where way.character < 0 {
            switch rules.elements[Int(way.element)] {
            case .token(let token): taken.append(token)
            case .notToken(let token): allBut.append(token)
            default: break
            }
        }
        return (taken, allBut)
    }

    private func takes(_ way: Way, _ token: Int32) -> Bool {
        switch rules.elements[Int(way.element)] {
        case .token(let wanted): wanted == token
        case .notToken(let unwanted): unwanted != token
        default: false
        }
    }

    /// Forgets what is kept beyond a state, once that is much. ``work`` begins anew.
    ///
    /// - Returns: the state's number from now on; `nil` where nothing was forgotten.
    mutating func tidy(_ state: Int32) -> Int32? {
        work = 0
        guard states.count > Limits.states || frames.count > Limits.frames else { return nil }
        var kept = states[Int(state)]
        // A frame's parent has a smaller number.
        var used = Set(kept.ways.map(\.frame))
        var order = Array(used)
        while let frame = order.popLast() {
            let parent = frames[Int(frame)].parent
            if parent > 0, used.insert(parent).inserted { order.append(parent) }
        }
        let old = frames
        frames = [old[0]]
        frameNumbers = [:]
        var moved: [Int32: Int32] = [0: 0]
        for frame in used.sorted() where frame > 0 {
            var new = old[Int(frame)]
            new.parent = moved[new.parent] ?? 0
            moved[frame] = self.frame(new)
        }
        if frames.count > Limits.frames { isExhausted = true }
        for place in kept.ways.indices { kept.ways[place].frame = moved[kept.ways[place].frame] ?? 0 }
        (states, numbers, next) = ([], [:], [])
        return number(of: &kept)
    }

    // MARK: - Making states

    private mutating func number(of state: inout State) -> Int32 {
        guard !isExhausted, !state.ways.isEmpty || state.isEnd else { return Self.dead }
        if state.ways.count > 1 {
            state.ways.sort()
            var kept = 1
            for place in 1..<state.ways.count where state.ways[place] != state.ways[kept - 1] {
                state.ways[kept] = state.ways[place]
                kept += 1
            }
            state.ways.removeSubrange(kept...)
        }
        if let number = numbers[state] { return number }
        guard states.count < Limits.excess * Limits.states else {
            isExhausted = true
            return Self.dead
        }
        let number = Int32(states.count)
        numbers[state] = number
        states.append(state)
        next.append(contentsOf: repeatElement(Self.unknown, count: 256))
        return number
    }

    private mutating func frame(_ frame: Frame) -> Int32 {
        if let number = frameNumbers[frame] { return number }
        let number = Int32(frames.count)
        frameNumbers[frame] = number
        frames.append(frame)
        return number
    }

    /// Adds all ways to go on from a place to a state.
    private mutating func close(_ element: Int32, _ frame: Int32, into state: inout State) {
        places.removeAll(keepingCapacity: true)
        seen.removeAll(keepingCapacity: true)
        begun.removeAll(keepingCapacity: true)
        places.append((element, frame))
        while let (element, frame) = places.popLast(), !isExhausted {
            guard seen.insert(UInt64(UInt32(element)) << 32 | UInt64(UInt32(frame))).inserted else { continue }
            work += 1
            if work > Limits.work || seen.count > Limits.places || state.ways.count > Limits.ways
                || frames.count > Limits.excess * Limits.frames
            {
                isExhausted = true
            }
            switch rules.elements[Int(element)] {
            case .end:
                guard frame > 0 else {
                    state.isEnd = true
                    continue
                }
                let back = frames[Int(frame)]
                guard back.turn >= 0 else {
                    places.append((back.element, back.parent))
                    continue
                }
                // A turn that began here and is over is empty, and leads nowhere that leaving does not.
                if !begun.contains(frame) { turn(of: back.element, number: back.turn + 1, then: back.parent) }
            case .rule(let rule):
                let isLast = rules.elements[Int(element) + 1] == .end
                let after = isLast ? frame : self.frame(Frame(element: element + 1, turn: -1, parent: frame))
                for alternative in rules.alternatives[Int(rule)] { places.append((alternative, after)) }
            case .turns: turn(of: element, number: 0, then: frame)
            case .character(let character):
                state.ways.append(Way(character: character, element: element, frame: frame))
            case .token, .notToken: state.ways.append(Way(character: -1, element: element, frame: frame))
            }
        }
    }

    /// Leaves turns, if there were enough, and begins another, if there may be one.
    private mutating func turn(of element: Int32, number: Int32, then frame: Int32) {
        guard case .turns(let rule, let least, let most) = rules.elements[Int(element)] else { return }
        if number >= least { places.append((element + 1, frame)) }
        guard most < 0 || number < most else { return }
        let counted = most < 0 ? min(number, least) : number
        let after = self.frame(Frame(element: element, turn: counted, parent: frame))
        begun.insert(after)
        for alternative in rules.alternatives[Int(rule)] { places.append((alternative, after)) }
    }
}
