package import Freshet

extension Manifest {
    /// What answers were held to beside ``Manifest/responseFormat``, where a chat template has them written as more than
    /// text: the form of calls to tools, and where the model's thoughts begin and end.
    public struct Form: Sendable, Hashable {
        /// Where thoughts begin and end; see ``ThinkingTracker``.
        package struct Thoughts: Sendable, Hashable {
            /// The tag that begins them; empty when there is none.
            package var start: String
            /// The tags that end them.
            package var ends: [String]
            /// The tokens of one of those, which come when the budget is used up.
            package var forced: [Token]
            /// The most tokens of thoughts; `nil` is no limit.
            package var budget: Int?
            /// What the prompt has of the answer already.
            package var begun: String

            /// Makes the tags.
            package init(start: String, ends: [String], forced: [Token], budget: Int?, begun: String) {
                (self.start, self.ends, self.forced) = (start, ends, forced)
                (self.budget, self.begun) = (budget, begun)
            }
        }

        /// The grammar of calls; `nil` where there are none, and the response format holds.
        package var calls: Grammar?
        /// The grammar of what stands before the text of the response format; `nil` where it begins at once.
        package var opening: Grammar?
        /// Whether what the answers obey reads the model's thoughts too.
        package var isObeyedWhileThinking: Bool
        /// Tokens of the prompt that are the beginning of what the answers obey.
        package var begun: [Token]
        /// Control tokens whose names are a part of the answer's text.
        package var shown: Set<Token>
        /// Where the model's thoughts begin and end; `nil` where it has none.
        package var thoughts: Thoughts?

        /// Makes a form.
        package init(
            calls: Grammar? = nil, opening: Grammar? = nil, isObeyedWhileThinking: Bool = false, begun: [Token] = [],
            shown: Set<Token> = [], thoughts: Thoughts? = nil
        ) {
            (self.calls, self.opening, self.begun) = (calls, opening, begun)
            (self.isObeyedWhileThinking, self.shown, self.thoughts) = (isObeyedWhileThinking, shown, thoughts)
        }
    }
}

extension Manifest.Form {
    /// What answers of this form are held to; `nil` where the response format says it all.
    init?(_ form: AnswerForm, calls: Grammar?, opening: Grammar?) {
        guard calls != nil || opening != nil || form.thinking != nil else { return nil }
        self.init(
            calls: calls, opening: opening, isObeyedWhileThinking: form.isObeyedWhileThinking, begun: form.begun,
            shown: form.shown,
            thoughts: form.thinking.map {
                Thoughts(start: $0.start, ends: $0.ends, forced: $0.forced, budget: $0.budget, begun: $0.begun)
            })
    }

    /// The form for computing such answers again, whose text nobody reads.
    var answerForm: AnswerForm {
        var form = AnswerForm { _ in nil }
        (form.isObeyedWhileThinking, form.begun, form.shown) = (isObeyedWhileThinking, begun, shown)
        form.thinking = thoughts.map {
            var tracker = ThinkingTracker(start: $0.start, ends: $0.ends, forced: $0.forced, budget: $0.budget)
            tracker.begin(after: $0.begun)
            return tracker
        }
        return form
    }

    /// All tokens that it names.
    var tokens: [Token] {
        let triggers = [calls, opening].compactMap { $0?.triggers }.joined()
        return begun + shown + (thoughts?.forced ?? [])
            + triggers.compactMap { if case .token(let token) = $0 { token } else { nil } }
    }
}

// MARK: - JSON

extension Manifest.Form {
    /// The form as JSON.
    var json: JSONValue {
        .object([
            "calls": calls?.json ?? .null, "opening": opening?.json ?? .null,
            "holds_thoughts": .bool(isObeyedWhileThinking), "begun": JSONValue(begun),
            "shown": JSONValue(shown.sorted()), "thoughts": thoughts?.json ?? .null,
        ])
    }

    /// Reads a form's JSON.
    ///
    /// - Throws: ``GenerationError`` that names the member which is missing or of another kind.
    init(_ field: JSONField) throws(GenerationError) {
        self.init(
            calls: try field["calls"].map { calls throws(GenerationError) in try Grammar(calls) },
            opening: try field["opening"].map { opening throws(GenerationError) in try Grammar(opening) },
            isObeyedWhileThinking: try field.required("holds_thoughts").bool(),
            begun: try field.required("begun").tokens(), shown: Set(try field.required("shown").tokens()),
            thoughts: try field["thoughts"].map { thoughts throws(GenerationError) in try Thoughts(thoughts) })
    }
}

extension Manifest.Form.Thoughts {
    fileprivate var json: JSONValue {
        .object([
            "start": .string(start), "ends": .array(ends.map(JSONValue.string)), "forced": JSONValue(forced),
            "budget": budget.map { .integer(Int128($0)) } ?? .null, "begun": .string(begun),
        ])
    }

    fileprivate init(_ field: JSONField) throws(GenerationError) {
        self.init(
            start: try field.required("start").string(),
            ends: try field.required("ends").items().map { item throws(GenerationError) in try item.string() },
            forced: try field.required("forced").tokens(),
            budget: try field["budget"].map { budget throws(GenerationError) in try budget.integer() },
            begun: try field.required("begun").string())
    }
}

extension Grammar {
    fileprivate var json: JSONValue {
        .object([
            "grammar": .string(text), "sees_control_tokens": .bool(seesControlTokens),
            "triggers": .array(triggers.map(\.json)),
        ])
    }

    fileprivate init(_ field: JSONField) throws(GenerationError) {
        self.init(
            text: try field.required("grammar").string(),
            triggers: try field.required("triggers").items().map { item throws(GenerationError) in try Trigger(item) },
            seesControlTokens: try field.required("sees_control_tokens").bool(), field: "\(field.path).grammar")
    }
}

extension Grammar.Trigger {
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): ["text": .string(text)]
        case .token(let token): ["token": .integer(Int128(token))]
        }
    }

    fileprivate init(_ field: JSONField) throws(GenerationError) {
        if let token = field["token"] {
            self = .token(try token.integer())
        } else {
            self = .text(try field.required("text").string())
        }
    }
}

extension JSONValue {
    fileprivate init(_ tokens: some Sequence<Token>) { self = .array(tokens.map { .integer(Int128($0)) }) }
}
