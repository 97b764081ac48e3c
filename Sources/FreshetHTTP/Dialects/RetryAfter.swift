package import Foundation

/// The header fields that say when trying again may work.
package enum RetryAfter {
    /// The field's name.
    package static let name = "Retry-After"

    /// A day: whoever says more does not know.
    private static let longest = 86_400.0

    /// The field's value for a wait: whole seconds, rounded up.
    package static func value(_ wait: Duration) -> String {
        let (seconds, rest) = wait.components
        return String(max(0, seconds + (rest > 0 ? 1 : 0)))
    }

    /// The wait that a response asks for: `retry-after-ms`, which is OpenAI's, or `Retry-After` as seconds, a fraction
    /// allowed, or as a date. At most a day; `nil` where there is none or it cannot be read.
    package static func read(_ fields: HTTPFields, now: Date) -> Duration? {
        let milliseconds = fields["retry-after-ms"].flatMap(Double.init).map { $0 / 1000 }
        let seconds =
            milliseconds ?? fields[name].flatMap { Double($0) ?? date($0)?.timeIntervalSince(now) }
        guard let seconds, !seconds.isNaN else { return nil }
        return .seconds(min(max(0, seconds), longest))
    }

    /// Reads a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text)
    }
}
