import Freshet
import FreshetHTTP
import Testing

@Suite struct OpenAIReplyTests {
    private func fold(_ chunks: [Chunk]) -> Reply {
        var reply = Reply()
        for chunk in chunks { reply.append(chunk) }
        return reply
    }

    private func write(_ contents: [Chunk.Content], for endpoint: OpenAIEndpoint) -> String {
        let chunks = contents.map { Chunk(id: "c1", created: 7, model: "m", content: $0) }
        var output: [UInt8] = []
        OpenAIReply.append(fold(chunks), for: endpoint, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static let usage =
        #""usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}"#
    private static let end = Chunk.Content.end(Usage(promptTokens: 2, completionTokens: 3, cachedTokens: 1), nil)

    @Test func aReplyIsOpenAIs() {
        let contents: [Chunk.Content] = [.role(.assistant), .text("é"), .text("!"), .finish(Finish(.stop)), Self.end]
        let chat =
            #"{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":"#
            + #"{"role":"assistant","content":"\u00e9!","refusal":null},"logprobs":null,"finish_reason":"stop"}],"#
        #expect(write(contents, for: .chatCompletions) == chat + Self.usage + "}")
        let plain =
            #"{"id":"c1","object":"text_completion","created":7,"model":"m","choices":[{"index":0,"text":"\u00e9!","#
            + #""logprobs":null,"finish_reason":"stop"}],"#
        #expect(write(contents, for: .completions) == plain + Self.usage + "}")
    }

    @Test func callsStandWithoutText() {
        let call = ToolCallFragment(index: 0, id: "i", name: "f", arguments: "{}")
        let contents: [Chunk.Content] = [.role(.assistant), .toolCall(call), .finish(Finish(.toolCalls)), Self.end]
        let message =
            #""message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"i","type":"function","#
            + #""function":{"name":"f","arguments":"{}"}}]}"#
        #expect(write(contents, for: .chatCompletions).contains(message))
    }

    @Test func otherServersRepliesAreRead() throws {
        let body = #"""
            {"id":"x","object":"chat.completion","created":1,"model":"n","system_fingerprint":null,"choices":[{"index":0,
            "message":{"role":"assistant","content":null,"annotations":[],"tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
            {"id":"b","type":"function","function":{"name":"g","arguments":"[]"}}]},
            "logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":2,"completion_tokens":3,
            "total_tokens":5,"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":2}},"service_tier":"default"}
            """#
        let chunks = try OpenAIReply.chunks(of: Array(body.utf8), keepsRaw: true)
        let reply = fold(chunks)
        #expect(reply.id == "x" && reply.created == 1 && reply.model == "n" && reply.text.isEmpty)
        #expect(reply.choices[0].toolCalls.map { "\($0.index) \($0.id) \($0.name)" } == ["0 a f", "1 b g"])
        var usage = Usage(promptTokens: 2, completionTokens: 3)
        usage.reasoningTokens = 1
        #expect(reply.usage == usage)
        #expect(
            reply.metadata == [
                "service_tier": "default", "usage": ["completion_tokens_details": ["audio_tokens": 2]],
                "choices": [["message": ["annotations": []]]],
            ])
        #expect(chunks.map { $0.metadata?.raw?.count } == [body.utf8.count] + chunks.dropFirst().map { _ in nil })
    }

    @Test(
        arguments: [
            ("", .badResponse), ("<html>", .badResponse), ("[]", .badResponse), ("{}", .badResponse),
            (#"{"choices":[]}"#, .badResponse), (#"{"choices":[{"message":{"content":"a"}}]}"#, .badResponse),
            (#"{"error":{"message":"m.","code":"context_length_exceeded"}}"#, .promptTooLong),
        ] as [(String, GenerationError.Code)])
    func whatIsNoReplyIsAnError(_ body: String, _ code: GenerationError.Code) {
        do {
            _ = try OpenAIReply.chunks(of: Array(body.utf8))
            Issue.record("read \(body)")
        } catch {
            #expect(error.code == code && error.message.hasSuffix("."))
        }
    }
}
