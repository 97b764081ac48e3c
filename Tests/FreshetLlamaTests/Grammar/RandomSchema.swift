import FreshetTestSupport

@testable import FreshetLlama

/// Random schemas of what answers are held to, and random texts of a grammar.
struct RandomSchema {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A schema, at times one that refers to a part of itself.
    mutating func schema() -> String {
        guard generator.chance(0.3) else { return schema(depth: 0) }
        return ##"{"$defs":{"a b":\##(schema(depth: 1))},"anyOf":[\##(schema(depth: 1)),{"$ref":"#/$defs/a b"}]}"##
    }

    private mutating func schema(depth: Int) -> String {
        switch Int.random(in: 0..<(depth < 3 ? 15 : 8), using: &generator) {
        case 0: return generator.pick([#"{"type":"null"}"#, #"{"type":"boolean"}"#, #"{"type":"number"}"#])
        case 1:
            let (low, high) = (number(-200...200), number(0...300))
            let bounds = [
                "", #","minimum":\#(low)"#, #","maximum":\#(low)"#,
                #","exclusiveMinimum":\#(low),"maximum":\#(low + 1 + high)"#,
                #","minimum":\#(low).5,"exclusiveMaximum":\#(low + 2 + high)"#,
                #","maximum":1e2,"exclusiveMinimum":-0.5"#,
            ]
            return #"{"type":"integer"\#(generator.pick(bounds))}"#
        case 2:
            let least = number(0...4)
            return generator.pick([
                #"{"type":"string"}"#,
                #"{"type":"string","minLength":\#(least),"maxLength":\#(least + number(0...3))}"#,
                #"{"type":"string","title":"x","maxLength":\#(least)}"#,
            ])
        case 3:
            return generator.pick([
                #"{"pattern":"^[a-f]{1,3}(-|\\.)\\d+$"}"#, #"{"pattern":"^[^a-z]*$"}"#, #"{"pattern":"x|^y"}"#,
            ])
        case 4: return #"{"enum":["a","ab",1,null,{"k":[true]}]}"#
        case 5: return #"{"const":"\#(generator.pick(["é", "a b", "\\n\\\"", ""]))"}"#
        case 6: return #"{"type":["integer","null"],"minimum":\#(number(-5...5))}"#
        case 7: return #"{"type":"string","format":"\#(generator.pick(["date", "time", "date-time", "uuid"]))"}"#
        case 8: return #"{"anyOf":[\#(schema(depth: depth + 1)),\#(schema(depth: depth + 1))]}"#
        case 9:
            let least = number(0...2)
            let most = generator.chance(0.5) ? #","maxItems":\#(least + number(0...2))"# : ""
            return #"{"type":"array","items":\#(schema(depth: depth + 1)),"minItems":\#(least)\#(most)}"#
        case 10: return #"{"prefixItems":[\#(schema(depth: depth + 1)),\#(schema(depth: depth + 1))],"items":false}"#
        case 11: return #"{"oneOf":[\#(alternatives(depth: depth).joined(separator: ","))]}"#
        case 12:
            let (one, other) = (schema(depth: depth + 1), schema(depth: depth + 1))
            return #"{"type":"object","allOf":[{"properties":{"p":\#(one)},"required":["p"]},"#
                + #"{"type":"object","properties":{"q":\#(other)}}]}"#
        case 13: return ##"{"type":"array","items":{"$ref":"#"},"maxItems":\##(number(0...2))}"##
        default:
            let names = ["name", "a", "aa", "käse", "x y"].filter { _ in generator.chance(0.5) }
            let properties = names.map { #""\#($0)":\#(schema(depth: depth + 1))"# }.joined(separator: ",")
            let required = names.filter { _ in generator.chance(0.5) }.map { #""\#($0)""# }.joined(separator: ",")
            let more = generator.pick([
                "", #","additionalProperties":false"#, #","additionalProperties":\#(schema(depth: depth + 1))"#,
            ])
            return #"{"type":"object","properties":{\#(properties)},"required":[\#(required)]\#(more)}"#
        }
    }

    /// Schemas that no value can obey two of, for one reason or another.
    private mutating func alternatives(depth: Int) -> [String] {
        let border = number(-20...20)
        let other = schema(depth: depth + 1)
        return generator.pick([
            [#"{"type":"integer","maximum":\#(border)}"#, #"{"type":"integer","exclusiveMinimum":\#(border)}"#],
            [#"{"type":"string"}"#, #"{"type":["integer","null"]}"#, #"{"type":"array","items":\#(other)}"#],
            [#"{"const":"a"}"#, #"{"enum":["b",1.5]}"#, #"{"const":null}"#, #"{"type":"integer"}"#],
            ["a", "b", "c"].map {
                #"{"type":"object","properties":{"kind":{"const":"\#($0)"},"\#($0)":\#(other)},"required":["kind"]}"#
            },
        ])
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// A text that ends within a limit of bytes; what closes is liked.
    mutating func text(of rules: GrammarRules, limit: Int) -> String? {
        var automaton = GrammarAutomaton(rules)
        var (state, text) = (automaton.start(), [UInt8]())
        while text.count < limit {
            if automaton.isEnd(state), automaton.isComplete(state) || generator.chance(0.5) {
                return String(validating: text, as: UTF8.self)
            }
            var bytes: [UInt8] = []
            for byte in UInt8.min...UInt8.max where automaton.step(state, byte) != GrammarAutomaton.dead {
                bytes.append(byte)
            }
            guard !bytes.isEmpty else { return nil }
            let closing = bytes.filter { "\"}],".utf8.contains($0) }
            let byte = generator.pick(!closing.isEmpty && generator.chance(0.5) ? closing : bytes)
            text.append(byte)
            state = automaton.step(state, byte)
            state = automaton.tidy(state) ?? state
        }
        return nil
    }
}
