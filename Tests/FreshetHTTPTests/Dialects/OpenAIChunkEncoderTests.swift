import Foundation
import Freshet
import FreshetHTTP
import Testing

@Suite struct OpenAIChunkEncoderTests {
    private func encode(_ content: Chunk.Content, index: Int = 0, includesUsage: Bool = false) -> String? {
        var encoder = OpenAIChunkEncoder(includesUsage: includesUsage)
        var output: [UInt8] = []
        let chunk = Chunk(id: "c1", created: 7, model: "m", index: index, content: content)
        guard encoder.append(chunk, to: &output) else { return nil }
        return String(decoding: output, as: UTF8.self)
    }

    private func choice(_ inner: String, after: String = "") -> String {
        #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"# + inner + "}]" + after
            + "}"
    }

    @Test func roleCarriesEmptyContent() {
        let expected = #""index":2,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null"#
        #expect(encode(.role(.assistant), index: 2) == choice(expected))
    }

    @Test func piecesOfText() {
        let rest = #"},"logprobs":null,"finish_reason":null"#
        #expect(encode(.text("hi")) == choice(#""index":0,"delta":{"content":"hi""# + rest))
        #expect(encode(.reasoning("hm")) == choice(#""index":0,"delta":{"reasoning_content":"hm""# + rest))
        #expect(encode(.refusal("no")) == choice(#""index":0,"delta":{"refusal":"no""# + rest))
    }

    @Test func usageIsNullUntilTheEndWhereItIsIncluded() {
        let rest = #"},"logprobs":null,"finish_reason":null"#
        let text = choice(#""index":0,"delta":{"content":"hi""# + rest, after: #","usage":null"#)
        #expect(encode(.text("hi"), includesUsage: true) == text)
        #expect(encode(.end(Usage(promptTokens: 1, completionTokens: 1), nil), includesUsage: false) == nil)
        let end = Usage(promptTokens: 10, completionTokens: 5, cachedTokens: 4)
        let timings = Timings(prompt: .milliseconds(12), decode: .nanoseconds(1_500_001), firstToken: .seconds(2))
        let prefix = #"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"#
        let usage =
            #""usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"#
            + #""prompt_tokens_details":{"cached_tokens":4}}"#
        #expect(encode(.end(end, nil), includesUsage: true) == prefix + usage + "}")
        let clocks =
            #","timings":{"cache_n":4,"prompt_n":6,"prompt_ms":12.0,"predicted_n":5,"predicted_ms":1.500001,"#
            + #""first_token_ms":2000.0}}"#
        #expect(encode(.end(end, timings), includesUsage: true) == prefix + usage + clocks)
        var drafted = timings
        (drafted.draftedTokens, drafted.acceptedTokens) = (4, 3)
        let drafts = clocks.dropLast(2) + #","draft_n":4,"draft_n_accepted":3}}"#
        #expect(encode(.end(end, drafted), includesUsage: true) == prefix + usage + drafts)
    }

    @Test func finishHasAnEmptyDelta() {
        #expect(
            encode(.finish(Finish(.length)))
                == choice(#""index":0,"delta":{},"logprobs":null,"finish_reason":"length""#))
        let stray = [UndecodableBytes(offset: 3, bytes: [255, 0]), UndecodableBytes(offset: 9, bytes: [226])]
        let expected =
            #""index":0,"delta":{},"logprobs":null,"finish_reason":"stop","stop_reason":"\n#","#
            + #""undecodable":[{"offset":3,"bytes":[255,0]},{"offset":9,"bytes":[226]}]"#
        #expect(encode(.finish(Finish(.stop, stopSequence: "\n#", undecodable: stray))) == choice(expected))
    }

    @Test func progressHasADeltaToo() {
        let expected = #""index":0,"delta":{},"logprobs":null,"finish_reason":null"#
        let progress = PromptProgress(processed: 5, cached: 2, total: 9)
        let after = #","prompt_progress":{"total":9,"cache":2,"processed":5}"#
        #expect(encode(.progress(progress)) == choice(expected, after: after))
    }

    @Test func toolCallsNameTheirFunctionOnce() {
        let rest = #"]},"logprobs":null,"finish_reason":null"#
        let first =
            #""index":0,"delta":{"tool_calls":[{"index":1,"id":"x","type":"function","#
            + #""function":{"name":"f","arguments":""}}"#
        #expect(encode(.toolCall(ToolCallFragment(index: 1, id: "x", name: "f"))) == choice(first + rest))
        let next = #""index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"a\""}}"#
        #expect(encode(.toolCall(ToolCallFragment(index: 1, arguments: #"{"a""#))) == choice(next + rest))
    }

    @Test func logProbabilitiesGiveExactBytes() {
        let half = TokenLogProbability.Candidate(bytes: [0xE2, 0x82], logProbability: -0.5)
        let never = TokenLogProbability.Candidate(bytes: [0x61], logProbability: -.infinity)
        let expected =
            #""index":0,"delta":{},"logprobs":{"content":[{"token":"\ufffd","logprob":-0.5,"#
            + #""bytes":[226,130],"top_logprobs":[{"token":"\ufffd","logprob":-0.5,"bytes":[226,130]},"#
            + #"{"token":"a","logprob":-9999.0,"bytes":[97]}]}]},"finish_reason":null"#
        #expect(encode(.logProbabilities([TokenLogProbability(token: half, top: [half, never])])) == choice(expected))
    }

    @Test func aPlainCompletionHasLogProbabilitiesInTheOlderFormToo() throws {
        var encoder = OpenAIChunkEncoder(for: .completions, includesUsage: false)
        func write(_ index: Int, _ tokens: [[UInt8]]) -> String {
            var output: [UInt8] = []
            let entries = tokens.map { bytes in
                TokenLogProbability(
                    token: .init(bytes: bytes, logProbability: -1), top: [.init(bytes: bytes, logProbability: -1)])
            }
            let chunk = Chunk(id: "c", created: 7, model: "m", index: index, content: .logProbabilities(entries))
            encoder.append(chunk, to: &output)
            let text = String(decoding: output, as: UTF8.self)
            guard let begin = text.range(of: #""logprobs":{"#), let end = text.range(of: #","content":["#) else {
                return text
            }
            return String(text[begin.upperBound..<end.lowerBound])
        }
        let first =
            #""tokens":["\u00e9","bytes:\\xe2\\x82"],"token_logprobs":[-1.0,-1.0],"#
            + #""top_logprobs":[{"\u00e9":-1.0},{"bytes:\\xe2\\x82":-1.0}],"text_offset":[0,1]"#
        #expect(write(0, [Array("é".utf8), [0xE2, 0x82]]) == first)
        let rest = #","token_logprobs":[-1.0],"top_logprobs":[{"#
        #expect(
            write(0, [[0xAC, 0x21]]) == #""tokens":["bytes:\\xac!"]"# + rest
                + #""bytes:\\xac!":-1.0}],"text_offset":[1]"#)
        #expect(write(0, [[0x61]]) == #""tokens":["a"]"# + rest + #""a":-1.0}],"text_offset":[3]"#)
        // Each choice has its own text.
        #expect(write(1, [[0x61]]) == #""tokens":["a"]"# + rest + #""a":-1.0}],"text_offset":[0]"#)
    }

    @Test func everyScalarIsWrittenInASCIIAndReadBackTheSame() throws {
        let scalars = (0...0x2FFF).compactMap(UnicodeScalar.init) + ["\u{FFFF}", "\u{10000}", "🍋", "\u{10FFFF}"]
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        let json = try #require(encode(.text(text)))
        #expect(json.utf8.allSatisfy { 0x20...0x7E ~= $0 })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let choices = try #require(object["choices"] as? [[String: Any]])
        let delta = try #require(choices.first?["delta"] as? [String: Any])
        #expect((delta["content"] as? String)?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
    }

    @Test func oneEncoderServesSeveralStreams() {
        var encoder = OpenAIChunkEncoder(includesUsage: false)
        var output: [UInt8] = []
        for (id, model) in [("a", "m"), ("a", "m"), ("b", "m"), ("b", "é")] {
            encoder.append(Chunk(id: id, created: 1, model: model, content: .text("t")), to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != "[" } }
        let starts = [("a", "m"), ("a", "m"), ("b", "m"), ("b", #"\u00e9"#)].map { id, model in
            #"{"id":"\#(id)","object":"chat.completion.chunk","created":1,"model":"\#(model)","choices":"#
        }
        #expect(lines.map(String.init) == starts)
    }

    @Test func aPlainCompletionHasTextAndForTheRoleAnEmptyPiece() {
        func plain(_ content: Chunk.Content, index: Int = 0) -> String? {
            var encoder = OpenAIChunkEncoder(for: .completions, includesUsage: false)
            var output: [UInt8] = []
            let chunk = Chunk(id: "c1", created: 7, model: "m", index: index, content: content)
            return encoder.append(chunk, to: &output) ? String(decoding: output, as: UTF8.self) : nil
        }
        let head = #"{"id":"c1","object":"text_completion","created":7,"model":"m","choices":[{"index":"#
        #expect(plain(.role(.assistant), index: 1) == head + #"1,"text":"","logprobs":null,"finish_reason":null}]}"#)
        #expect(plain(.text("hi"), index: 2) == head + #"2,"text":"hi","logprobs":null,"finish_reason":null}]}"#)
        #expect(plain(.finish(Finish(.stop))) == head + #"0,"text":"","logprobs":null,"finish_reason":"stop"}]}"#)
        let reasoning = #"0,"text":"","reasoning_content":"hm","logprobs":null,"finish_reason":null}]}"#
        #expect(plain(.reasoning("hm")) == head + reasoning)
        let progress = #","prompt_progress":{"total":3,"cache":1,"processed":2}}"#
        #expect(
            plain(.progress(PromptProgress(processed: 2, cached: 1, total: 3)))
                == head + #"0,"text":"","logprobs":null,"finish_reason":null}]"# + progress)
    }

    @Test func choicesMayTakeTurns() {
        var encoder = OpenAIChunkEncoder(includesUsage: false)
        let lines = [0, 0, 11, 1, 0].map { index in
            var output: [UInt8] = []
            encoder.append(Chunk(id: "c1", created: 7, model: "m", index: index, content: .text("t")), to: &output)
            return String(decoding: output, as: UTF8.self)
        }
        let rest = #","delta":{"content":"t"},"logprobs":null,"finish_reason":null"#
        #expect(lines == [0, 0, 11, 1, 0].map { choice("\"index\":\($0)" + rest) })
    }

    @Test func metadataIsLaidOverTheObject() {
        var encoder = OpenAIChunkEncoder(includesUsage: false)
        let remainder: JSONValue = ["system_fingerprint": "fp", "choices": [["native_finish_reason": "end_turn"]]]
        let metadata = Metadata(remainder: remainder, raw: [1, 2, 3])
        var output = Array("before".utf8)
        let content = Chunk.Content.finish(Finish(.stop))
        encoder.append(Chunk(id: "c1", created: 7, model: "m", content: content, metadata: metadata), to: &output)
        let expected =
            #"before{"choices":[{"delta":{},"finish_reason":"stop","index":0,"logprobs":null,"#
            + #""native_finish_reason":"end_turn"}],"created":7,"id":"c1","model":"m","object":"chat.completion.chunk","#
            + #""system_fingerprint":"fp"}"#
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }
}
