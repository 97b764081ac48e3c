package import Freshet

/// The bytes of every token of a vocabulary, and the tokens by their bytes, in a tree in which what begins alike shares
/// its beginning.
///
/// A value of a few megabytes that is made once for a model.
package struct TokenTable: Sendable {
    /// A place in the tree, in the order of a walk that goes down first.
    struct Node {
        /// The byte that leads here.
        var byte: UInt8
        /// How many bytes that is from the root, which has no node.
        var depth: UInt16
        /// The place after those below this one.
        var after: Int32
        /// The tokens that end here, as a range of ``tokens``.
        var firstToken: Int32
        var tokenCount: Int32
    }

    /// The tree.
    let nodes: [Node]
    /// Tokens in the order of their bytes.
    let tokens: [Token]
    /// The longest way down.
    let depth: Int
    /// The tokens that end generation. They are no text, whatever their bytes are.
    let endOfGeneration: [Token]
    private let ends: Set<Token>
    /// All tokens' bytes, one after the other, and where each token's begin.
    private let bytes: [UInt8]
    private let starts: [Int32]

    /// How many tokens there are.
    var count: Int { starts.count - 1 }

    /// Makes a table.
    ///
    /// - Parameters:
    ///   - count: how many tokens there are.
    ///   - endOfGeneration: those that end it.
    ///   - append: adds a token's bytes to a buffer; none for a token that is no text.
    package init(count: Int, endOfGeneration: [Token], append: (Token, inout [UInt8]) -> Void) {
        var (bytes, starts) = ([UInt8](), [Int32(0)])
        for token in 0..<Token(count) {
            append(token, &bytes)
            starts.append(Int32(bytes.count))
        }
        let ends = Set(endOfGeneration)
        // A tree of tokens longer than any word would be deep; such ones are lines of dashes and the like.
        let usable = (0..<Token(count)).filter { token in
            let length = starts[Int(token) + 1] - starts[Int(token)]
            return length > 0 && length <= Self.longest && !ends.contains(token)
        }
        func text(_ token: Token) -> Range<Int> { Int(starts[Int(token)])..<Int(starts[Int(token) + 1]) }
        let tokens = bytes.withUnsafeBufferPointer { bytes in
            usable.sorted { left, right in
                let (left, right, place) = (text(left), text(right), (left, right))
                for (a, b) in zip(left, right) where bytes[a] != bytes[b] { return bytes[a] < bytes[b] }
                return (left.count, place.0) < (right.count, place.1)
            }
        }
        var (nodes, way) = ([Node](), [Int]())
        for (rank, token) in tokens.enumerated() {
            let range = text(token)
            var common = 0
            while common < way.count, common < range.count, nodes[way[common]].byte == bytes[range.lowerBound + common]
            {
                common += 1
            }
            for place in way[common...] { nodes[place].after = Int32(nodes.count) }
            way.removeSubrange(common...)
            for depth in common..<range.count {
                way.append(nodes.count)
                nodes.append(
                    Node(
                        byte: bytes[range.lowerBound + depth], depth: UInt16(depth), after: 0, firstToken: Int32(rank),
                        tokenCount: 0))
            }
            nodes[way[range.count - 1]].tokenCount += 1
        }
        for place in way { nodes[place].after = Int32(nodes.count) }
        (self.nodes, self.tokens, self.bytes, self.starts) = (nodes, tokens, bytes, starts)
        (self.endOfGeneration, self.ends) = (endOfGeneration, ends)
        depth = nodes.reduce(0) { max($0, Int($1.depth) + 1) }
    }

    /// The longest token that may be part of a constrained answer, in bytes.
    private static let longest = 1024

    /// A token's bytes; none for one that ends generation, is no text or is not in the vocabulary.
    func text(of token: Token) -> ArraySlice<UInt8> {
        guard 0..<count ~= Int(token), !ends.contains(token) else { return [] }
        let range = Int(starts[Int(token)])..<Int(starts[Int(token) + 1])
        return range.count <= Self.longest ? bytes[range] : []
    }

    /// Tokens that together are a text: at each place the longest one that there is.
    ///
    /// - Returns: `nil` where no token goes on with the text.
    func tokens(of text: [UInt8]) -> [Token]? {
        var (found, start) = ([Token](), 0)
        while start < text.count {
            var (longest, place, end, after) = (nil as (token: Token, end: Int)?, 0, start, nodes.count)
            while place < after, end < text.count {
                let node = nodes[place]
                guard node.byte == text[end] else {
                    place = Int(node.after)
                    continue
                }
                end += 1
                (place, after) = (place + 1, Int(node.after))
                if node.tokenCount > 0 { longest = (tokens[Int(node.firstToken)], end) }
            }
            guard let longest else { return nil }
            found.append(longest.token)
            start = longest.end
        }
        return found
    }

    /// Whether a token ends generation.
    func isEnd(_ token: Token) -> Bool { ends.contains(token) }
}
