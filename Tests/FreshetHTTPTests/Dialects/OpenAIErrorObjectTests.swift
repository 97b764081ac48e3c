import Freshet
import FreshetHTTP
import Testing

@Suite struct OpenAIErrorObjectTests {
    @Test func errorsAreOpenAIs() {
        func encode(_ error: GenerationError) -> String {
            var output: [UInt8] = []
            OpenAIErrorObject.append(error, to: &output)
            return String(decoding: output, as: UTF8.self)
        }
        let invalid =
            #"{"error":{"message":"top_p is \"bad\".","type":"invalid_request_error","param":"top_p","#
            + #""code":"invalid_request"}}"#
        #expect(encode(.invalid("top_p", #"is "bad""#)) == invalid)
        let failed = #"{"error":{"message":"x","type":"server_error","param":null,"code":"engine_failed"}}"#
        #expect(encode(GenerationError(.engineFailed, "x")) == failed)
    }
}
