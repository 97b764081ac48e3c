import Freshet
import Testing

@testable import FreshetHTTP

struct OpenAIResponseFormatTests {
    private func read(_ members: String) throws(GenerationError) -> ResponseFormat {
        let body = #"{"messages":[{"role":"user","content":"a"}],\#(members)}"#
        return try OpenAIRequest(body: body.utf8, at: .chatCompletions).generation.responseFormat
    }

    @Test(arguments: [
        (#""response_format":{"type":"text"}"#, ResponseFormat.text), (#""response_format":null"#, .text),
        (#""response_format":{"type":"json_object"}"#, .jsonObject),
        (#""response_format":{"type":"json_object","schema":{}}"#, .jsonObject),
        (#""response_format":{"type":"json_object","schema":{"b":1,"a":2}}"#, .jsonSchema(#"{"b":1,"a":2}"#)),
        // The order of the schema's members, and how it is written, are kept.
        (
            #""response_format": {"json_schema" : {"strict":true, "schema": {"z" : [1, "}\"]" ], "a":{} }, "name":"x"}, "type":"json_schema"}"#,
            .jsonSchema(#"{"z" : [1, "}\"]" ], "a":{} }"#)
        ),
        (#""json_schema":{"type":"object"},"grammar":"""#, .jsonSchema(#"{"type":"object"}"#)),
        (#""json\u005fschema" :{"type":"null"} "#, .jsonSchema(#"{"type":"null"}"#)),
        (#""json_schema":{},"response_format":{"type":"text"}"#, .text),
        (#""grammar":"root ::= \"a\"\n""#, .grammar("root ::= \"a\"\n")), (#""regex":"a+""#, .regex("a+")),
        (#""regex":"a+","response_format":{"type":"text"}"#, .regex("a+")),
    ])
    func theFormComesInManyFields(_ members: String, _ format: ResponseFormat) throws {
        #expect(try read(members) == format)
    }

    @Test(arguments: [
        (#""response_format":"json""#, "response_format"), (#""response_format":{}"#, "response_format.type"),
        (#""response_format":{"type":"xml"}"#, "response_format.type"),
        (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
        (#""response_format":{"type":"json_schema","json_schema":{"name":"a"}}"#, "response_format.json_schema.schema"),
        (#""response_format":{"type":"json_schema","json_schema":{"schema":1}}"#, "response_format.json_schema.schema"),
        (
            #""response_format":{"type":"json_schema","json_schema":{"name":1,"schema":{}}}"#,
            "response_format.json_schema.name"
        ),
        (
            #""response_format":{"type":"json_schema","json_schema":{"strict":1,"schema":{}}}"#,
            "response_format.json_schema.strict"
        ),
        (#""json_schema":"{}""#, "json_schema"), (#""grammar":1"#, "grammar"), (#""regex":[]"#, "regex"),
        (#""grammar":"a","regex":"b""#, "regex"), (#""json_schema":{"a":1},"grammar":"b""#, "grammar"),
        (#""response_format":{"type":"json_object"},"regex":"b""#, "regex"),
    ])
    func aWrongFormIsNamed(_ members: String, _ parameter: String) {
        let error = #expect(throws: GenerationError.self) { try read(members) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == parameter, "\(error?.message ?? "")")
    }

    /// What a provider finds wrong has the name that stands in the body.
    @Test(arguments: [
        (
            #""response_format":{"type":"json_schema","json_schema":{"schema":{"a":1}}}"#,
            "response_format.json_schema.schema"
        ),
        (
            #""json_schema":{},"response_format":{"type":"json_object","schema":{"a":1}}"#, "response_format.schema"
        ),
        (#""json_schema":{"a":1},"response_format":{"type":"text","schema":{"a":1}}"#, "json_schema"),
        (#""response_format":{"type":"json_object"}"#, "response_format"), (#""grammar":"a""#, "grammar"),
    ])
    func aProvidersErrorNamesWhatWasSent(_ members: String, _ name: String) throws {
        let body = #"{"messages":[{"role":"user","content":"a"}],\#(members)}"#
        let request = try OpenAIRequest(body: body.utf8, at: .chatCompletions)
        let error = request.naming(.invalid(request.generation.responseFormat.field, "cannot be used"))
        #expect(error.parameter == name && error.message == "\(name) cannot be used.")
        let other = request.naming(.invalid("temperature", "is hot"))
        #expect(other.parameter == "temperature" && other.message == "temperature is hot.")
    }

    @Test(arguments: [
        ResponseFormat.text, .jsonObject, .jsonSchema(#"{"b": {"type": ["null"]}, "a":"\"é\\"}"#),
        .grammar("root ::= \"\\\"é\" # 1\n"), .regex(#"^\d+["\\]$"#),
    ])
    func whatIsWrittenIsReadBackTheSame(_ format: ResponseFormat) throws {
        for streams in [false, true] {
            let request = OpenAIRequest(
                GenerationRequest(prompt: .text("a"), responseFormat: format, stop: ["b"]), model: "m", streams: streams
            )
            var body: [UInt8] = []
            request.append(to: &body)
            let read = try OpenAIRequest(body: body, at: .completions)
            #expect(read.generation == request.generation)
        }
    }
}
