import Freshet
import FreshetLlama

/// What answers are held to, with an answer that has that form.
enum ConstrainedForm: String, CaseIterable {
    /// Nearly every token may come nearly everywhere.
    case string = "a string"
    /// Few tokens may come at most places, and which ones changes with each.
    case object = "an object"
    /// Counted characters: no two places of it are the same.
    case regex = "a regex"
    /// JSON of any kind, as nested as it likes.
    case anyObject = "any object"

    /// The request's own words for it.
    var format: ResponseFormat {
        switch self {
        case .string:
            .jsonSchema(#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#)
        case .object:
            .jsonSchema(
                """
                {"type":"object","properties":{
                  "status":{"enum":["open","closed","waiting","cancelled"]},
                  "count":{"type":"integer","minimum":0,"maximum":5000},
                  "rows":{"type":"array","minItems":2,"maxItems":6,
                    "items":{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3}},
                  "tags":{"type":"array","items":{"enum":["late","paid","gift","export"]},"maxItems":4}
                },"required":["status","count","rows","tags"]}
                """)
        case .regex: .regex(#"(2\d{3}-\d{2}-\d{2} (INFO|WARN|ERROR) [a-z_]{3,16}: [^\n]{1,120}\n){1,8}"#)
        case .anyObject: .jsonObject
        }
    }

    /// One of its answers.
    private var answer: String {
        switch self {
        case .string:
            #"{"a": "once upon a time a fox came by a river and asked a fish what the sea was like, and the fish"#
        case .object:
            #"{"status": "waiting", "count": 1204, "rows": [[12, 7, 311], [40, 2], [5, 18]], "tags": ["late", "paid"]}"#
        case .regex:
            "2026-11-22 WARN disk_watch: the volume is nearly full, 12 of 400 blocks\n2026-11-22 INFO jobs: two were moved\n"
        case .anyObject:
            #"{"name": "Ann", "items": [1, {"size": "large", "price": 12.5}, null], "note": "sent by train", "paid": true}"#
        }
    }

    /// The most tokens of an answer.
    static let limit = 48

    /// Reads its grammar.
    func constraint(_ vocabulary: Vocabulary) throws -> Constraint {
        guard let grammar = try format.grammar() else { preconditionFailure("every form has a grammar") }
        return try vocabulary.constraint(grammar)
    }

    /// An answer's tokens, and at one place in twenty a token that the grammar refuses and a model may want there.
    func script(_ vocabulary: Vocabulary) throws -> (tokens: [Token], slips: [Int: Token]) {
        let tokens = try vocabulary.tokenize(answer, addingSpecial: false, parsingSpecial: false).prefix(Self.limit)
        let wanted = (try vocabulary.tokenize(" tea\n", addingSpecial: false, parsingSpecial: false))
        let matcher = GrammarMatcher(try constraint(vocabulary))
        var slips: [Int: Token] = [:]
        for (place, token) in tokens.enumerated() {
            if place % 20 == 10 {
                slips[place] = (wanted + vocabulary.endOfGeneration).first { !matcher.allows($0) }
            }
            guard matcher.allows(token) else { preconditionFailure("\(rawValue) is not the form of its answer") }
            matcher.accept(token)
        }
        return (Array(tokens), slips)
    }
}

/// Who chooses an answer's tokens.
enum Picker: String, CaseIterable {
    /// A model that knows the form, and is wrong about one token in twenty.
    case agreeing = "right 19 times of 20"
    /// Logits that know nothing of the form.
    case random = "random"
}
