import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Which schemas may stand beside one another in `oneOf`, in either order, by JSON Schema's specification.
struct SchemaDisjointnessTests {
    @Test(
        arguments: [
            // Types.
            (#"{"type":"null"}"#, #"{"type":["integer","string"]}"#), (#"{"type":"array"}"#, #"{"type":"object"}"#),
            (#"{"type":"boolean"}"#, #"{"const":1}"#), (#"{"type":"integer"}"#, #"{"const":1.5}"#),
            (#"{"enum":["a",null]}"#, #"{"type":"number"}"#),
            // Constants.
            (#"{"const":"a"}"#, #"{"const":"b"}"#), (#"{"enum":[1,"1"]}"#, #"{"enum":[true,"2",2]}"#),
            (#"{"const":{"a":1,"b":2}}"#, #"{"const":{"b":1,"a":2}}"#), (#"{"const":[]}"#, #"{"const":[[]]}"#),
            // Bounds of integers.
            (#"{"type":"integer","maximum":4}"#, #"{"type":"integer","minimum":5}"#),
            (#"{"type":"integer","exclusiveMaximum":5}"#, #"{"type":"integer","minimum":5}"#),
            (#"{"type":"integer","exclusiveMaximum":5}"#, #"{"type":"integer","exclusiveMinimum":4}"#),
            (#"{"type":"integer","maximum":4.5}"#, #"{"type":["integer","null"],"minimum":4.2}"#),
            (#"{"const":7}"#, #"{"type":"integer","maximum":6}"#),
            (#"{"enum":[1,9]}"#, #"{"type":"integer","minimum":10}"#),
            // Bounds of lengths.
            (#"{"type":"string","maxLength":2}"#, #"{"type":"string","minLength":3}"#),
            (#"{"type":"string","maxLength":2}"#, #"{"type":["string","null"],"minLength":3,"maxLength":9}"#),
            (#"{"type":"string","maxLength":3}"#, #"{"minLength":4,"type":["string","integer"]}"#),
            (#"{"const":"é🌱"}"#, #"{"type":"string","minLength":3}"#),
            (#"{"type":"array","maxItems":1}"#, #"{"type":["array","string"],"minItems":2}"#),
            (#"{"enum":[[],[1]]}"#, #"{"type":"array","items":{"type":"integer"},"minItems":2}"#),
            // Properties that one must have.
            (
                #"{"type":"object","properties":{"k":{"const":1},"v":{}},"required":["k"]}"#,
                #"{"type":"object","properties":{"k":{"enum":[2,3]}}}"#
            ),
            (
                #"{"properties":{"k":{"const":1}},"required":["k"]}"#,
                #"{"properties":{"k":{"const":2}},"required":["k"]}"#
            ),
            (
                #"{"type":"object","properties":{"k":{"type":"null"}},"required":["k"]}"#,
                #"{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}"#
            ),
            (
                #"{"type":"object","properties":{"k":{"properties":{"t":{"const":1}},"type":"object","required":["t"]}},"required":["k"]}"#,
                #"{"type":"object","properties":{"k":{"properties":{"t":{"const":2}},"type":"object","required":["t"]}},"required":["k"]}"#
            ),
            // Through combinations and references.
            (#"{"anyOf":[{"type":"null"},{"const":1}]}"#, #"{"oneOf":[{"const":2},{"type":"string"}]}"#),
            (#"{"type":"string","anyOf":[{"maxLength":1},{"format":"date"}]}"#, #"{"type":"integer"}"#),
            (##"{"$ref":"#/$defs/one"}"##, ##"{"$ref":"#/$defs/two"}"##),
            (
                ##"{"allOf":[{"$ref":"#/$defs/tagged"},{"properties":{"a":{"type":"null"}}}]}"##,
                #"{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}"#
            ),
        ])
    func aProvenDifferenceIsTaken(_ one: String, _ other: String) throws {
        for (left, right) in [(one, other), (other, one)] { _ = try Self.reading(left, right) }
    }

    /// Each with a value that obeys both.
    @Test(
        arguments: [
            (#"{"type":"integer"}"#, #"{"type":"number"}"#, "1"), (#"{}"#, #"{"type":"null"}"#, "null"),
            (#"{"type":["string","null"]}"#, #"{"type":["null","integer"]}"#, "null"),
            // What says nothing of integers allows them.
            (#"{"minLength":1}"#, #"{"type":"integer"}"#, "1"),
            (#"{"type":"integer","minimum":1,"maximum":9}"#, #"{"type":"integer","minimum":5,"maximum":7}"#, "6"),
            (#"{"type":"integer","maximum":5}"#, #"{"type":"integer","minimum":5}"#, "5"),
            (#"{"type":"integer","maximum":5.5}"#, #"{"type":"integer","exclusiveMinimum":4.5}"#, "5"),
            (#"{"const":1}"#, #"{"const":1.0}"#, "1"), (#"{"const":0}"#, #"{"enum":[5,-0.0]}"#, "0"),
            (#"{"const":{"a":1,"b":[2]}}"#, #"{"const":{"b":[2e0],"a":1}}"#, #"{"a":1,"b":[2]}"#),
            (#"{"enum":["a","b"]}"#, #"{"enum":["c","b"]}"#, #""b""#),
            (#"{"const":"a"}"#, #"{"type":"string"}"#, #""a""#),
            (#"{"type":"string","maxLength":3}"#, #"{"type":"string","minLength":2}"#, #""abc""#),
            (#"{"type":"string","maxLength":3}"#, #"{"type":"string","minLength":3}"#, #""abc""#),
            (#"{"maxLength":3}"#, #"{"type":["string","null"],"minLength":4}"#, "null"),
            (#"{"enum":["abc",1]}"#, #"{"type":["string","integer"],"minLength":4}"#, "1"),
            (#"{"type":"array","minItems":1}"#, #"{"type":"array","maxItems":1}"#, "[1]"),
            (
                #"{"type":"object","properties":{"k":{"const":1}}}"#,
                #"{"type":"object","properties":{"k":{"const":2}}}"#,
                "{}"
            ),
            (
                #"{"type":"object","properties":{"k":{"const":1}},"required":["k"]}"#,
                #"{"type":"object","properties":{"j":{"const":2}}}"#, #"{"k":1}"#
            ),
            (
                #"{"type":"object","properties":{"k":{"type":"string"}},"required":["k"]}"#,
                #"{"type":"object","properties":{"k":{"enum":["a"]}},"required":["k"]}"#, #"{"k":"a"}"#
            ),
            (#"{"type":"array","items":{"const":1}}"#, #"{"type":"array","items":{"const":2}}"#, "[]"),
            (##"{"$ref":"#/$defs/one"}"##, #"{"type":"integer"}"#, "1"),
            (#"{"anyOf":[{"type":"null"},{"const":1}]}"#, #"{"enum":[2,null]}"#, "null"),
        ])
    func aPossibleOverlapIsRefused(_ one: String, _ other: String, _ value: String) throws {
        for (left, right) in [(one, other), (other, one)] {
            let error = #expect(throws: GenerationError.self) { _ = try Self.reading(left, right) }
            #expect(error?.message.contains("at #/properties/v, oneOf asks for exactly one") == true, "\(error as Any)")
            #expect(error?.message.contains("those at 0 and at 1: use anyOf") == true, "\(error as Any)")
        }
        let both = try SchemaValidator(#"{"allOf":[\#(one),\#(other)],"$defs":\#(Self.definitions)}"#)
        #expect(both.accepts(value))
    }

    /// Neither takes long: many branches, and references that become 40 with each step.
    @Test func theWorkIsBounded() throws {
        let branches = (0..<600).map { #"{"const":"label \#($0)","title":"x"}"# }
        _ = try SchemaGrammarTests.reading(#"{"oneOf":[\#(branches.joined(separator: ","))]}"#)
        let steps = (0..<5).map { step in
            let next = Array(repeating: ##"{"$ref":"#/$defs/d\##(step + 1)"}"##, count: 40).joined(separator: ",")
            return #""d\#(step)":{"anyOf":[\#(next)]}"#
        }
        let definitions = "{\(steps.joined(separator: ",")),\"d5\":{\"const\":1}}"
        let schema = ##"{"oneOf":[{"$ref":"#/$defs/d0"},{"const":2}],"$defs":\##(definitions)}"##
        let error = #expect(throws: GenerationError.self) { _ = try SchemaGrammarTests.reading(schema) }
        #expect(error?.message.contains("oneOf asks") == true, "\(error as Any)")
    }

    private static let definitions =
        #"{"one":{"const":1},"two":{"const":2},"tagged":{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]}}"#

    /// Both as alternatives of a property.
    private static func reading(_ left: String, _ right: String) throws -> GrammarReading {
        try SchemaGrammarTests.reading(
            #"{"type":"object","properties":{"v":{"oneOf":[\#(left),\#(right)]}},"$defs":\#(definitions)}"#)
    }
}
