/// The rules of what a model writes of a call before its arguments, bounded.
///
/// Some of llama.cpp's take any text, or any number of signs, for what they pass over: whom a call is to, its number, the
/// kind of its arguments, its identifier. A model that is made to call could write there for as long as its answer may be.
enum CallHeaders {
    /// What stands in a rule, with `#` for a number, and what takes its place.
    private static let bounds: [(rule: String, bounded: String)] = [
        // gpt-oss: what is constrained, "json" or "code". Without a space or a mark it would be a part of the name.
        (
            ##"(space "<|constrain|>"? [A-Za-z0-9_-]+)?"##,
            ##"(" "? "<|constrain|>" [A-Za-z0-9_-]{1,16} | " " [A-Za-z0-9_-]{1,16})?"##
        ),
        // muse-glimmer: whom the message is to, which is the tool's name.
        (##"" to=" until-# "<|message|><atem:"##, ##"" to=" [A-Za-z0-9_.-]{1,80} "<|message|><atem:"##),
        // Kimi-K2: the call's number.
        (##"":" [0-9]+) "<|tool_call_argument_begin|>""##, ##"":" [0-9]{1,4}) "<|tool_call_argument_begin|>""##),
        // Kimi-K3: an attribute of a call or of an argument, as in ` index="1"`.
        (
            ##""\"" until-# "<|sep|>""##,
            ##""\"" (" " [a-z]{1,8} "=\"" [a-z0-9]{1,8} "\"")? "<|sep|>""##
        ),
        // Mistral's mark that is there twice (call_form.cpp), and its identifiers, which its template takes back in no other
        // form.
        (##" "[ARGS]") ("[CALL_ID]""##, ##") ("[CALL_ID]""##),
        (##""[CALL_ID]" until-#"##, ##""[CALL_ID]" [A-Za-z0-9]{9}"##),
        // An identifier that is a member of the call. Where it may be left out the comma beside it may not, so that it must
        // be there. Mistral Nemo's template takes back none of another form.
        (
            ##""\"id\"" space ":" space ("\"" ( [^"\\] | "\\" ( ["\\/ bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\"" | json-number))?"##,
            ##""\"id\"" space ":" space "\"" [A-Za-z0-9]{9} "\"")"##
        ),
        (
            ##"("\"" ( [^"\\] | "\\" ( ["\\/ bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\"" | json-number))?"##,
            ##"("\"" [A-Za-z0-9_-]{1,64} "\"" | "0" | [1-9] [0-9]{0,8}))"##
        ),
        (
            ##"("\"" ( [^"\\] | "\\" ( ["\\/ bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\"" | json-number)"##,
            ##"("\"" [A-Za-z0-9_-]{1,64} "\"" | "0" | [1-9] [0-9]{0,8})"##
        ),
    ]

    /// The rules in which some forms let calls follow one another, also where only one is asked for.
    private static let lists = ["tool-calls", "tools", "kimi-k3-tool-call"]

    /// A grammar for calls with its headers bounded.
    ///
    /// - Parameter isParallel: whether there may be more calls than one.
    static func bounded(_ grammar: String, isParallel: Bool) -> String {
        grammar.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // The rules of schemas are by far the longest.
            let name = line.prefix { $0 != " " }
            var line = line
            if !isParallel, lists.contains(String(name)) { line = Substring(line.replacing(")+", with: ")")) }
            guard name.hasPrefix("tool-") || name.hasPrefix("kimi-k3-"), !name.contains("-schema") else { return line }
            return bounds.reduce(line) { replace($1.rule, with: $1.bounded, in: $0) }
        }.joined(separator: "\n")
    }

    private static func replace(_ rule: String, with bounded: String, in line: Substring) -> Substring {
        let halves = rule.split(separator: "#", omittingEmptySubsequences: false)
        var (rest, result) = (line, "")
        while let head = rest.firstRange(of: halves[0]) {
            var end = head.upperBound
            if halves.count == 2 {
                end = rest[end...].firstIndex { !$0.isNumber } ?? rest.endIndex
                guard end > head.upperBound, rest[end...].hasPrefix(halves[1]) else {
                    result += rest[..<head.upperBound]
                    rest = rest[head.upperBound...]
                    continue
                }
                end = rest.index(end, offsetBy: halves[1].count)
            }
            result += rest[..<head.lowerBound] + bounded
            rest = rest[end...]
        }
        return Substring(result + rest)
    }
}
