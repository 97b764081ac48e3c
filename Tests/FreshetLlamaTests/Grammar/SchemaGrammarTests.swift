import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct SchemaGrammarTests {
    /// A schema, texts that it allows, and texts that it does not.
    struct Case: Sendable, CustomTestStringConvertible {
        var schema: String
        var texts: [String]
        var others: [String]
        var testDescription: String { schema }

        init(_ schema: String, _ texts: [String], not others: [String]) {
            (self.schema, self.texts, self.others) = (schema, texts, others)
        }
    }

    static let cases = [
        Case(#"{}"#, ["1", "null", #"{"a":[]}"#, #""x""#, "-1.5e3"], not: ["", "{", "nul", "01", "+1", "'x'"]),
        Case(#"{"type":"null"}"#, ["null"], not: ["0", "\"null\""]),
        Case(#"{"type":"boolean"}"#, ["true", "false"], not: ["True", "1", "null"]),
        Case(#"{"type":"string"}"#, [#""""#, #""é🌱\n\u00e9""#], not: ["\"\n\"", #""\x""#, #""\ud800""#, "a", #"""#]),
        Case(#"{"type":"string","minLength":2,"maxLength":3}"#, [#""ab""#, #""🌱é\"""#], not: [#""a""#, #""abcd""#]),
        Case(#"{"minLength":1}"#, [#""a""#], not: [#""""#, "1"]),
        Case(
            #"{"type":"string","maxLength":5000}"#, ["\"\(String(repeating: "a", count: 5000))\""],
            not: [
                "\"\(String(repeating: "a", count: 5001))\""
            ]),
        Case(#"{"type":"string","format":"date"}"#, [#""2026-11-21""#], not: [#""2026-13-21""#, #""21.11.2026""#]),
        Case(#"{"format":"time"}"#, [#""23:59:59Z""#, #""01:02:03.123+05:30""#], not: [#""24:00:00Z""#]),
        Case(#"{"format":"date-time"}"#, [#""2026-11-21T23:59:59Z""#], not: [#""2026-11-21 23:59:59Z""#]),
        Case(#"{"format":"uuid"}"#, [#""00112233-4455-6677-8899-aabbccddeeff""#], not: [#""00112233""#]),
        Case(#"{"type":"string","format":"email"}"#, [#""no address""#], not: ["1"]),
        Case(
            #"{"type":"string","pattern":"^[a-c]+\\d{2}$"}"#, [#""a12""#, #""abc00""#],
            not: [#""12""#, #""a123""#, #""a1""#]),
        Case(#"{"pattern":"b"}"#, [#""b""#, #""abc""#, #""\"b\\""#], not: [#""ac""#, #""""#, #""b"c""#]),
        Case(#"{"pattern":"^a|b$"}"#, [#""ax""#, #""xb""#], not: [#""xa""#, #""bx""#]),
        Case(
            #"{"pattern":"^.\"\\\\$"}"#, [#""x\"\\""#, #""\"\"\\""#], not: [#""x"\\""#, "\"\n\\\"\\\\\"", #""x\"""#]),
        Case(#"{"type":"integer"}"#, ["0", "-7", "1234567890"], not: ["1.0", "01", "-", "1e3", "--1"]),
        Case(
            #"{"type":"integer","minimum":-3,"maximum":12}"#, ["-3", "-1", "0", "9", "12"],
            not: ["-4", "13", "00", "-01"]),
        Case(#"{"type":"integer","exclusiveMinimum":1.5,"exclusiveMaximum":4}"#, ["2", "3"], not: ["1", "4", "0"]),
        Case(#"{"type":"integer","exclusiveMinimum":2,"exclusiveMaximum":5}"#, ["3", "4"], not: ["2", "5", "3.5"]),
        Case(#"{"type":"integer","multipleOf":1}"#, ["3"], not: ["3.5"]),
        Case(#"{"type":"integer","maximum":-5}"#, ["-5", "-10", "-999"], not: ["-4", "-05", "0", "5"]),
        Case(#"{"type":"integer","minimum":100}"#, ["100", "101", "99999"], not: ["99", "0100", "-100"]),
        Case(#"{"type":"integer","maximum":18446744073709551615}"#, ["7", "-7"], not: ["1.5"]),
        Case(#"{"type":"number"}"#, ["0", "-1.25", "1e9", "2.5E-3"], not: ["1.", ".5", "1e999", "NaN", "01.5"]),
        Case(#"{"const":{"a":[1,"x\n"]}}"#, [#"{"a":[1,"x\n"]}"#], not: [#"{"a":[1]}"#, "1", "{}"]),
        Case(
            #"{"enum":["red","green",1,null]}"#, [#""red""#, #""green""#, "1", "null"], not: [#""blue""#, "2", "\"re"]),
        Case(
            #"{"enum":[{"a":1},[true],"é\""]}"#, [#"{"a":1}"#, "[true]", #""é\"""#], not: [#"{"a":2}"#, "[]", "true"]),
        Case(#"{"type":"array"}"#, ["[]", "[1, \"a\"]", "[[]]"], not: ["[1,]", "{}", "["]),
        Case(
            #"{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":2}"#, ["[1]", "[1,2]"],
            not: [
                "[]", "[1,2,3]", "[\"a\"]",
            ]),
        Case(#"{"items":{"type":"null"},"maxItems":0}"#, ["[]"], not: ["[null]"]),
        Case(
            #"{"prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}"#, [#"[1,"a"]"#],
            not: [
                "[1]", #"["a",1]"#, #"[1,"a",2]"#,
            ]),
        Case(#"{"prefixItems":[{"type":"null"}]}"#, ["[null]"], not: ["[1]", "[null,1]", "null"]),
        Case(#"{"items":[{"type":"integer"},{"type":"null"}]}"#, ["[1,null]"], not: ["[null,1]", "[1]"]),
        Case(#"{"items":true,"maxItems":1,"uniqueItems":false}"#, ["[]", "[{}]"], not: ["[1,2]", "1"]),
        Case(#"{"items":false}"#, ["[]"], not: ["[1]"]),
        Case(#"{"type":"object"}"#, ["{}", #"{"a": {"b": 1}}"#], not: ["[]", #"{a:1}"#, #"{"a":1,}"#]),
        Case(
            #"{"type":"object","properties":{"b":{"type":"integer"},"a":{"type":"string"}},"required":["b"]}"#,
            [#"{"b":1}"#, #"{"b": 1, "a": "x"}"#], not: [#"{}"#, #"{"a":"x"}"#, #"{"a":"x","b":1}"#, #"{"b":1,"c":2}"#]),
        Case(
            #"{"properties":{"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}}"#,
            [#"{}"#, #"{"ab":null}"#, #"{"x":1,"abc":2}"#, #"{"ab":null,"x":1}"#],
            not: [#"{"ab":1}"#, #"{"a":null}"#, "{\"\n\":1}", #"{"\x":1}"#]),
        Case(
            #"{"properties":{"a":true,"b":{}},"additionalProperties":true,"required":["a"]}"#,
            [#"{"a":[]}"#, #"{"a":1,"b":2,"c":3}"#], not: ["{}", #"{"c":1}"#, "[]"]),
        Case(#"{"type":"object","additionalProperties":false}"#, ["{}"], not: [#"{"a":1}"#]),
        Case(#"{"anyOf":[{"type":"integer"},{"type":"null"}]}"#, ["1", "null"], not: ["\"a\"", "true"]),
        Case(
            #"{"type":"string","anyOf":[{"maxLength":1},{"format":"date"}]}"#, [#""a""#, #""2026-01-01""#],
            not: [#""ab""#]),
        Case(#"{"type":["string","null"],"minLength":2}"#, [#""ab""#, "null"], not: [#""a""#, "0"]),
        Case(#"{"oneOf":[{"const":1},{"const":2}]}"#, ["1", "2"], not: ["3"]),
        Case(
            ##"{"allOf":[{"$ref":"#/$defs/p"},{"properties":{"q":{"type":"null"}},"required":["q"]}],"$defs":{"p":{"type":"object","properties":{"p":{"type":"integer"}}}}}"##,
            [
                #"{"q":null}"#, #"{"q":null,"p":1}"#,
            ], not: ["{}", #"{"p":1}"#]),
        Case(#"{"allOf":[{"type":"integer"}]}"#, ["1"], not: ["\"a\""]),
        Case(
            ##"{"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"array","items":{"$ref":"#"}}}}"##,
            ["[]", "[[],[[]]]"], not: ["{}", "[1]"]),
        Case(
            ##"{"$ref":"#/$defs/a%20%22b~0","$defs":{"a \"b~":{"const":1}}}"##, ["1"], not: ["2"]),
        Case(
            ##"{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["next"]}"##,
            [#"{"next":null}"#, #"{"next":{"next":null}}"#], not: ["{}", #"{"next":1}"#]),
    ]

    @Test(arguments: cases)
    func aSchemasTextsAreReadAndOthersAreNot(_ example: Case) throws {
        let reading = try Self.reading(example.schema)
        let validator = try SchemaValidator(example.schema)
        for text in example.texts {
            #expect(reading.reads(text), "\(text.debugDescription)")
            #expect(validator.accepts(text), "\(text.debugDescription)")
        }
        for text in example.others { #expect(!reading.reads(text), "\(text.debugDescription)") }
    }

    /// Without the keyword, a text would be read that is not.
    @Test(arguments: SchemaKeywords.kinds.filter { $0.value != "unsupported" && $0.key != "multipleOf" }.keys.sorted())
    func everyKeywordIsWhatKeepsSomeTextOut(_ keyword: String) throws {
        func without(_ schema: OrderedJSON) -> OrderedJSON {
            switch schema {
            case .array(let items): .array(items.map(without))
            case .object(let members):
                .object(
                    members.filter { $0.name != keyword }
                        .map { OrderedJSON.Member(name: $0.name, value: without($0.value)) })
            case .null, .bool, .number, .string: schema
            }
        }
        let witnesses = try Self.cases.filter { example in
            let schema = try #require(OrderedJSON(example.schema))
            let rest = without(schema)
            guard rest != schema, !example.texts.isEmpty, let reading = try? Self.reading(rest.text) else {
                return false
            }
            return example.others.contains { reading.reads($0) }
        }
        #expect(!witnesses.isEmpty)
    }

    @Test(arguments: SchemaKeywords.kinds.filter { $0.value == "unsupported" }.keys.sorted())
    func aKeywordThatCannotBeKeptToIsRefusedAnywhere(_ keyword: String) throws {
        for (schema, path) in [
            (#"{"\#(keyword)":{"x":{"const":1}}}"#, "#"),
            (#"{"type":"array","items":{"anyOf":[{},{"\#(keyword)":["x"]}]}}"#, "#/items/anyOf/1"),
        ] {
            let error = #expect(throws: GenerationError.self) { try Self.reading(schema) }
            #expect(error?.message.contains("at \(path), \(keyword) cannot be kept to") == true, "\(error as Any)")
        }
    }

    @Test(
        arguments: [
            ("", "must be a JSON schema"), ("[", "must be a JSON schema"), ("1", "must be an object"),
            (String(repeating: #"{"items":"#, count: 200) + "1" + String(repeating: "}", count: 200), "JSON schema"),
            (#"{"not":{"type":"null"}}"#, "at #, not cannot be kept to"), (#"{"uniqueItems":true}"#, "uniqueItems"),
            (#"{"properties":{"a":{"if":{}}}}"#, "at #/properties/a, if"),
            (#"{"multipleOf":3,"type":"integer"}"#, "multipleOf"),
            (#"{"type":"number","minimum":1}"#, "minimum can be kept to for integers"), (#"{"minimum":1}"#, "minimum"),
            (#"{"type":"string","minLength":2,"pattern":"a"}"#, "minLength"),
            (#"{"pattern":"(?=a)"}"#, "pattern has a group"),
            (#"{"pattern":"a(b"}"#, "without its )"), (#"{"pattern":"a(b$)"}"#, "an anchor inside"),
            (#"{"pattern":"a$b"}"#, "an anchor inside"), (#"{"pattern":"ab)"}"#, "without its ("),
            (#"{"pattern":"\\bword"}"#, "cannot follow"),
            (#"{"minLength":3,"maxLength":2}"#, "maxLength is less"), (#"{"minItems":-1}"#, "minItems must be"),
            (#"{"type":"integer","minimum":3,"maximum":2}"#, "no integer between"), (#"{"type":"thing"}"#, "thing"),
            (#"{"type":["string","string"]}"#, "once"), (#"{"enum":[]}"#, "at least one value"),
            (#"{"type":"string","enum":[1]}"#, "not of the type"), (##"{"$ref":"#/nowhere"}"##, "leads nowhere"),
            (#"{"$ref":"https://example.org/schema"}"#, "in the same schema"),
            (##"{"$ref":"#"}"##, "at #, $ref leads back to itself"),
            (##"{"properties":{"a":{"anyOf":[{"type":"null"},{"$ref":"#/properties/a"}]}}}"##, "leads back to itself"),
            (##"{"$ref":"#/$defs/a","minLength":1,"$defs":{"a":{}}}"##, "beside $ref"),
            (#"{"anyOf":[{}],"minLength":1}"#, "beside anyOf"), (#"{"required":["a"]}"#, "does not describe"),
            (#"{"allOf":[{"type":"string"},{"type":"integer"}]}"#, "allOf can join objects"),
            (#"{"properties":{"*":{}}}"#, "named *"), (#"{"minLength":1,"minItems":1}"#, "a type is missing"),
            (#"{"properties":{"a-b":{}},"additionalProperties":true}"#, "beside a property named"),
            (#"{"items":{"type":"null"},"minItems":2000000}"#, "from 0 to 1000000"), ("false", "must be an object"),
            (#"{"format":"date","maxLength":9}"#, "beside format"),
            (#"{"type":"integer","minimum":"1"}"#, "minimum must be a number"),
            (
                #"{"items":{"oneOf":[{"type":"integer","minimum":1,"maximum":9},{"type":"null"},{"type":"integer","minimum":5}]}}"#,
                "at #/items, oneOf asks for exactly one of its schemas, but a value may obey those at 0 and at 2: use anyOf"
            ),
        ])
    func aSchemaThatCannotBeKeptToIsRefusedByName(_ schema: String, _ part: String) throws {
        let error = #expect(throws: GenerationError.self) { try Self.reading(schema) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == "json_schema")
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    /// Every day of some years, by the calendar's own rule.
    @Test(arguments: [0, 1900, 2000, 2023, 2024, 6958, 9996])
    func theDaysThatThereAreAreRead(_ year: Int) throws {
        let date = try Self.reading(#"{"format":"date"}"#)
        let stamp = try Self.reading(#"{"type":"array","items":{"type":"string","format":"date-time"}}"#)
        for month in 0...13 {
            for day in 0...32 {
                let text = String(format: "%04d-%02d-%02d", year, month, day)
                let exists = SchemaValidator.isDate(text)
                #expect(date.reads("\"\(text)\"") == exists, "\(text)")
                #expect(stamp.reads("[\"\(text)T23:59:59Z\",\"\(text)T00:00:00.123-05:30\"]") == exists, "\(text)")
            }
        }
    }

    @Test func theIntegersBetweenTwoBoundsAreRead() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<40 {
            let low = Int.random(in: -130...130, using: &random)
            let high = Int.random(in: low...140, using: &random)
            let reading = try Self.reading(#"{"type":"integer","minimum":\#(low),"maximum":\#(high)}"#)
            for number in -150...150 {
                #expect(reading.reads("\(number)") == (low...high).contains(number), "\(number) in \(low)…\(high)")
            }
        }
    }

    @Test func randomTextsOfRandomSchemasObeyThem() throws {
        var random = RandomSchema(seed: 11)
        var (whole, kinds) = (0, [String: Int]())
        for _ in 0..<250 {
            let schema = random.schema()
            for word in ["oneOf", "allOf", "format", ##""#"}"##] where schema.contains(word) {
                kinds[word, default: 0] += 1
            }
            let validator = try SchemaValidator(schema)
            let rules = try Self.reading(schema).rules
            for _ in 0..<3 {
                guard let text = random.text(of: rules, limit: 300) else { continue }
                whole += 1
                #expect(validator.accepts(text), "\(text) of \(schema)")
            }
        }
        #expect(whole > 400, "\(whole)")
        #expect(kinds.count == 4 && kinds.values.allSatisfy { $0 > 10 }, "\(kinds)")
    }

    /// Of two schemas that are taken as `oneOf`, whatever they are, a text obeys one.
    @Test func randomTextsOfOneOfObeyExactlyOne() throws {
        var random = RandomSchema(seed: 12)
        var (taken, refused, whole) = (0, 0, 0)
        for _ in 0..<400 {
            let (one, other) = (random.schema(), random.schema())
            guard !(one + other).contains("$ref") else { continue }
            let schema = #"{"oneOf":[\#(one),\#(other)]}"#
            let rules: GrammarRules
            do {
                rules = try Self.reading(schema).rules
            } catch {
                #expect((error as? GenerationError)?.message.contains("at #, oneOf asks") == true, "\(error)")
                refused += 1
                continue
            }
            taken += 1
            let validator = try SchemaValidator(schema)
            for _ in 0..<3 {
                guard let text = random.text(of: rules, limit: 300) else { continue }
                whole += 1
                #expect(validator.accepts(text), "\(text) of \(schema)")
            }
        }
        #expect(taken > 40 && refused > 40 && whole > 100, "\(taken) \(refused) \(whole)")
    }

    static func reading(_ schema: String) throws -> GrammarReading {
        let grammar = try #require(try ResponseFormat.jsonSchema(schema).grammar())
        return GrammarReading(rules: try GrammarRules(grammar))
    }
}
