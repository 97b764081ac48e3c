import Foundation
import Freshet

/// A token's log-probability as a line for a person: `-0.1201  " the"   " a" -2.7310   "\xE2\x82" -4.0042`.
struct TokenLine {
    /// The token, and the likeliest ones at its place.
    var entry: TokenLogProbability

    /// The line, with its end.
    var text: String {
        let candidates = entry.top.map { "   \(Self.quoted($0.bytes)) \(Self.number($0.logProbability))" }
        return "\(Self.number(entry.token.logProbability, width: 9))  \(Self.quoted(entry.token.bytes))"
            + candidates.joined() + "\n"
    }

    private static func number(_ value: Float, width: Int = 0) -> String {
        String(format: "%*.4f", width, Double(value))
    }

    /// The bytes as text in quotes, on one line; those that are part of a character as `\xE2`.
    static func quoted(_ bytes: [UInt8]) -> String {
        let text = String(validating: bytes, as: UTF8.self)?.printableLine
        return "\"\(text ?? bytes.map { String(format: #"\x%02X"#, $0) }.joined())\""
    }
}
