/// The days that there are, as an expression of GBNF, where llama.cpp's converter takes every month for one of 31 days.
enum DateGrammar {
    /// The texts of JSON Schema's `date` or `date-time`, without quotes; `nil` for another format.
    ///
    /// They are those of RFC 3339: years from 0000 to 9999 of the Gregorian calendar, with its leap years. A time is of 24 hours
    /// and has no leap second; a fraction has three digits.
    static func expression(of format: String) -> String? {
        switch format {
        case "date": day
        case "date-time": #"\#(day) "T" \#(time)"#
        default: nil
        }
    }

    private static let day: String = {
        // Every fourth year but the first of a century, and every fourth century.
        let fourth = #"("0" [48] | [2468] [048] | [13579] [26])"#
        let leapYear = #"([0-9]{2} \#(fourth) | ("00" | \#(fourth)) "00")"#
        let upTo28 = #""0" [1-9] | "1" [0-9] | "2" [0-8]"#
        let months = [
            #"("0" [13578] | "1" [02]) "-" (\#(upTo28) | "29" | "30" | "31")"#,
            #"("0" [469] | "11") "-" (\#(upTo28) | "29" | "30")"#, #""02-" (\#(upTo28))"#,
        ]
        return #"([0-9]{4} "-" (\#(months.joined(separator: " | "))) | \#(leapYear) "-02-29")"#
    }()

    private static let time =
        #"(([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? "#
        + #"("Z" | ("+" | "-") ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]))"#
}
