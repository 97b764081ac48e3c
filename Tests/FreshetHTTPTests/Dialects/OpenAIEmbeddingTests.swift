import Foundation
import Freshet
import Testing

@testable import FreshetHTTP

/// OpenAI's `/v1/embeddings`, both ways.
struct OpenAIEmbeddingTests {
    private static func read(_ body: String) throws -> OpenAIEmbeddingRequest {
        try OpenAIEmbeddingRequest(body: Array(body.utf8))
    }

    @Test(arguments: [
        (#"{"input":"a"}"#, OpenAIEmbeddingRequest(EmbeddingRequest("a"))),
        (#"{"input":["a"],"model":null,"dimensions":null}"#, OpenAIEmbeddingRequest(EmbeddingRequest("a"))),
        (
            #"{"input":["a","é"],"model":"m","encoding_format":"base64"}"#,
            OpenAIEmbeddingRequest(EmbeddingRequest("a", "é"), model: "m", encoding: .base64)
        ),
        (#"{"input":[1,2]}"#, OpenAIEmbeddingRequest(EmbeddingRequest(inputs: [.tokens([1, 2])]))),
        (
            #"{"input":[[1,2],[3],"c"]}"#,
            OpenAIEmbeddingRequest(EmbeddingRequest(inputs: [.tokens([1, 2]), .tokens([3]), .text("c")]))
        ),
        (
            #"{"input":"a","dimensions":3,"embd_normalize":-1,"deadline_ms":1500,"user":"u","unknown":{}}"#,
            OpenAIEmbeddingRequest(
                EmbeddingRequest(
                    inputs: [.text("a")], dimensions: 3, isNormalized: false, deadline: .milliseconds(1500),
                    client: "u"))
        ),
    ]) func requestsAreRead(body: String, expected: OpenAIEmbeddingRequest) throws {
        #expect(try Self.read(body) == expected)
        // What is written reads back the same; a deadline is not sent.
        var written: [UInt8] = []
        expected.append(to: &written)
        var sent = expected
        sent.embedding.deadline = nil
        #expect(try OpenAIEmbeddingRequest(body: written) == sent)
    }

    @Test(arguments: [
        (#"{}"#, "input"), (#"{"input":[]}"#, "input"), (#"{"input":7}"#, "input"), (#"{"input":[1.5]}"#, "input[0]"),
        (#"{"input":[[1],["a"]]}"#, "input[1][0]"), (#"{"input":["a",7]}"#, "input[1]"),
        (#"{"input":"a","encoding_format":"hex"}"#, "encoding_format"),
        (#"{"input":"a","dimensions":"3"}"#, "dimensions"), (#"{"input":"a","embd_normalize":3}"#, "embd_normalize"),
    ]) func whatIsWrongIsNamed(body: String, parameter: String) {
        let error = #expect(throws: GenerationError.self) { try Self.read(body) }
        #expect(error?.code == .invalidRequest && error?.parameter == parameter)
    }

    private static let result = Embeddings(
        model: "m\"", vectors: [[1, -0.5, 1e-30], [.pi, 0, 3e38]], usage: Usage(promptTokens: 7, completionTokens: 0))

    @Test(arguments: OpenAIEmbeddingRequest.Encoding.allCases)
    func aReplyReadsBackTheSame(_ encoding: OpenAIEmbeddingRequest.Encoding) throws {
        var body: [UInt8] = []
        OpenAIEmbeddings.append(Self.result, encoding: encoding, to: &body)
        #expect(try OpenAIEmbeddings.read(body, count: 2, model: "") == Self.result)
        let json = try JSONValue(json: body)
        #expect(json["object"] == "list" && json["usage"] == ["prompt_tokens": 7, "total_tokens": 7])
        guard case .array(let items)? = json["data"] else { return #expect(Bool(false)) }
        #expect(items.map { $0["index"] } == [0, 1] && items.allSatisfy { $0["object"] == "embedding" })
        // The bytes of 1.0, the lowest first.
        if encoding == .base64 { #expect(items[0]["embedding"]?.string?.hasPrefix("AACAP") == true) }
    }

    @Test(arguments: [
        "", "{}", #"{"data":[]}"#, #"{"data":[{"embedding":[1]}]}"#,
        #"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#,
        #"{"data":[{"embedding":[1],"index":0},{"embedding":[1],"index":0}]}"#,
        #"{"data":[{"embedding":[1],"index":0},{"embedding":[1],"index":2}]}"#,
        #"{"data":[{"embedding":"AAAA"},{"embedding":"AAAA"}]}"#, #"{"data":[{"embedding":["1"]},{"embedding":[1]}]}"#,
        #"{"data":[{"embedding":[]},{"embedding":[]}]}"#,
    ]) func aReplyThatIsNotOneVectorForEachTextIsRefused(body: String) {
        let error = #expect(throws: GenerationError.self) {
            try OpenAIEmbeddings.read(Array(body.utf8), count: 2, model: "")
        }
        #expect(error?.code == .badResponse)
    }

    @Test func theirOrderIsTheIndices() throws {
        let body = #"{"data":[{"embedding":[2],"index":1},{"embedding":[1],"index":0}]}"#
        let result = try OpenAIEmbeddings.read(Array(body.utf8), count: 2, model: "asked")
        #expect(result.vectors == [[1], [2]] && result.model == "asked" && result.usage.promptTokens == 0)
    }
}
