package import Freshet

/// The computed state of some tokens of a prompt, as bytes whose meaning is the backend's.
package struct PrefixBlock: Sendable {
    /// Every token from the prompt's beginning to the block's end: the state depends on them all. A slice, because the
    /// blocks of one prompt share its array.
    package var tokens: ArraySlice<Token>
    /// The tokens whose state it is, counted from the prompt's beginning; `range.upperBound == tokens.count`.
    package var range: Range<Int>
    /// The state: from some kilobytes to some megabytes.
    package var payload: [UInt8]

    /// Makes a block.
    package init(tokens: ArraySlice<Token>, range: Range<Int>, payload: [UInt8]) {
        self.tokens = tokens
        self.range = range
        self.payload = payload
    }
}
