package import Freshet

/// The tokens of one decode, in flat arrays as the C boundary takes them. Reused from decode to decode.
package struct Batch {
    /// Token ids.
    package private(set) var tokens: [Token] = []
    /// Each token's place in its sequence, from 0.
    package private(set) var positions: [Int32] = []
    /// Each token's sequence.
    package private(set) var sequences: [Int32] = []
    /// 1 where the logits after the token are wanted.
    package private(set) var outputs: [UInt8] = []

    /// An empty batch with room for `capacity` tokens.
    package init(capacity: Int) {
        tokens.reserveCapacity(capacity)
        positions.reserveCapacity(capacity)
        sequences.reserveCapacity(capacity)
        outputs.reserveCapacity(capacity)
    }

    /// The number of tokens.
    package var count: Int { tokens.count }

    /// Adds a token and returns its index in the batch.
    @discardableResult
    package mutating func append(_ token: Token, position: Int, sequence: Int32, wantsLogits: Bool) -> Int {
        tokens.append(token)
        positions.append(Int32(position))
        sequences.append(sequence)
        outputs.append(wantsLogits ? 1 : 0)
        return tokens.count - 1
    }

    /// Empties the batch and keeps its storage.
    package mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
    }
}
