/// Ends a text at the first stop sequence, and never emits one nor the beginning of one that completes.
///
/// What may still become a stop sequence is held back: exactly the longest end of the text that is the beginning of
/// one. Sequences are compared byte by byte, so that an accented letter in one piece and in two are different. The
/// sequence whose last byte comes first wins; of several that end at the same byte, the longest. How the text is cut
/// into pieces changes nothing.
///
/// ```swift
/// var filter = StopSequenceFilter(["###"])
/// filter.process("one #")    // ("one ", nil)
/// filter.process("two ##")   // ("#two ", nil)
/// filter.process("# three")  // ("", "###")
/// ```
///
/// A text of n bytes takes time in proportion to n and the number of sequences, whatever it is (Knuth, Morris and
/// Pratt 1977, one matcher a sequence).
public struct StopSequenceFilter: Sendable {
    private var matchers: [Matcher]
    /// The bytes with which a sequence begins.
    private let isFirst: [Bool]
    private var held = ""
    private var completed: String?

    /// A filter at the beginning of a text. Empty sequences are left out: they would end every text at once.
    public init(_ stops: [String]) {
        matchers = stops.filter { !$0.isEmpty }.map(Matcher.init)
        var isFirst = [Bool](repeating: false, count: matchers.isEmpty ? 0 : 256)
        for matcher in matchers { isFirst[Int(matcher.bytes[0])] = true }
        self.isFirst = isFirst
    }

    /// Takes the next piece of the text.
    ///
    /// - Parameter text: whole scalars; so is what comes out, because every stop sequence is.
    /// - Returns: the text to emit, and the sequence that completed when one did. The text is then at its end, and
    ///   what is processed after that gives the same sequence and no text.
    public mutating func process(_ text: String) -> (text: String, stop: String?) {
        if let completed { return ("", completed) }
        if matchers.isEmpty { return (text, nil) }
        if held.isEmpty, !text.utf8.contains(where: { isFirst[Int($0)] }) { return (text, nil) }

        var end = held.utf8.count
        held += text
        for byte in text.utf8 {
            end += 1
            var longest: Int?
            for place in matchers.indices where matchers[place].advance(byte) {
                if longest.map({ matchers[$0].bytes.count < matchers[place].bytes.count }) ?? true { longest = place }
            }
            if let longest {
                completed = matchers[longest].stop
                let text = release(end - matchers[longest].bytes.count)
                held = ""
                return (text, completed)
            }
        }
        let kept = matchers.reduce(0) { max($0, $1.matched) }
        return (release(end - kept), nil)
    }

    /// Ends the text; the filter is then used up.
    ///
    /// - Returns: what was held back and did not complete.
    public mutating func finish() -> String {
        defer { held = "" }
        return held
    }

    /// Takes the first bytes off the held text. They are whole scalars: what stays begins as a stop sequence does.
    private mutating func release(_ count: Int) -> String {
        guard count > 0 else { return "" }
        let cut = held.utf8.index(held.startIndex, offsetBy: count)
        let text = String(held[..<cut])
        held = String(held[cut...])
        return text
    }
}

/// Looks for one sequence in a text that comes byte by byte.
private struct Matcher: Sendable {
    let stop: String
    let bytes: [UInt8]
    /// For each number of matched bytes, less one: how many remain matched when the next byte differs.
    private let fallback: [Int]
    /// The length of the longest end of the text that is a beginning of the sequence.
    private(set) var matched = 0

    init(_ stop: String) {
        self.stop = stop
        let bytes = Array(stop.utf8)
        var fallback = [Int](repeating: 0, count: bytes.count)
        var length = 0
        for place in bytes.indices.dropFirst() {
            while length > 0, bytes[place] != bytes[length] { length = fallback[length - 1] }
            if bytes[place] == bytes[length] { length += 1 }
            fallback[place] = length
        }
        (self.bytes, self.fallback) = (bytes, fallback)
    }

    /// Takes the next byte and says whether the sequence is complete. It is not called again after that.
    @inline(__always)
    mutating func advance(_ byte: UInt8) -> Bool {
        while matched > 0, bytes[matched] != byte { matched = fallback[matched - 1] }
        if bytes[matched] == byte { matched += 1 }
        return matched == bytes.count
    }
}
