import Freshet
import Testing

struct ResponseFormatTests {
    @Test func whatIsEmptyOrTooLongIsRefused() throws {
        let limits = ResponseFormat.sizeLimits
        let kinds: [(make: (String) -> ResponseFormat, name: String, limit: Int)] = [
            ({ .jsonSchema($0) }, "json_schema", limits.schema), ({ .grammar($0) }, "grammar", limits.grammar),
            ({ .regex($0) }, "regex", limits.regex),
        ]
        for (make, name, limit) in kinds {
            for text in ["", "a\u{0}b", String(repeating: "a", count: limit + 1)] {
                let request = GenerationRequest(prompt: .text("a"), responseFormat: make(text))
                let error = #expect(throws: GenerationError.self) { try request.validate() }
                #expect(error?.parameter == name)
            }
            try make(String(repeating: "a", count: limit)).validate()
        }
        try ResponseFormat.text.validate()
        try ResponseFormat.jsonObject.validate()
    }
}
