import Freshet
import FreshetHTTP
import Testing

/// What OpenAI-compatible servers really send, and the chunks that come of it.
@Suite struct OpenAIChunkDecoderTests {
    /// Reads events to their end, and checks the protocol's grammar on the way.
    private func decode(_ events: [String], keepsRaw: Bool = false) throws -> [Chunk] {
        var decoder = OpenAIChunkDecoder(keepsRaw: keepsRaw)
        var chunks: [Chunk] = []
        for event in events { chunks += try decoder.decode(Array(event.utf8)) }
        chunks += try decoder.finish()
        var grammar = ChunkGrammar()
        for chunk in chunks { try grammar.accept(chunk) }
        try grammar.acceptEnd()
        return chunks
    }

    private func error(_ events: [String]) -> GenerationError? {
        do {
            _ = try decode(events)
            return nil
        } catch {
            return error as? GenerationError
        }
    }

    /// An event with one choice.
    private static func event(_ delta: String, _ rest: String = "", after: String = "") -> String {
        #"{"id":"c","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"#
            + delta + "}" + rest + "}]" + after + "}"
    }

    private static let role = event(#""role":"assistant","content":"""#)
    private static let text = event(#""content":"Hi""#)
    private static let stop = event("", #","finish_reason":"stop""#)
    private static let usage = #"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}"#
    private static let done = "[DONE]"
    private static let cost = Usage(promptTokens: 2, completionTokens: 1)

    /// The contents of an ordinary answer with something else in its middle.
    private static func answer(_ middle: [Chunk.Content] = [.text("Hi")], _ reason: FinishReason = .stop)
        -> [Chunk.Content]
    {
        [.role(.assistant)] + middle + [.finish(Finish(reason)), .end(cost, nil)]
    }

    static let orders: [(String, [String], [Chunk.Content])] = [
        ("OpenAI", [role, text, stop, usage, done], answer()),
        ("no [DONE]", [role, text, stop, usage], answer()),
        ("[DONE] with a tail, and more after it", [role, text, stop, usage, "[DONE] ", text], answer()),
        ("role with null", [event(#""role":"assistant","content":null"#), text, stop, usage], answer()),
        (
            "role in every event",
            [event(#""role":"assistant","content":"Hi""#), event(#""role":"assistant","content":"""#), stop, usage],
            answer()
        ),
        ("no role", [text, stop, usage], answer()),
        ("an empty role", [event(#""role":"","content":"Hi""#), stop, usage], answer()),
        ("finish beside text", [role, event(#""content":"Hi""#, #","finish_reason":"stop""#), usage], answer()),
        ("nothing but a finish", [stop, usage], answer([])),
        ("two finishes", [role, text, stop, stop, usage], answer()),
        ("empty pieces", [role, event(#""content":"""#), text, event(""), stop, usage], answer()),
        (
            "usage beside the finish", [role, text, event("", #","finish_reason":"stop""#, after: usageMember)],
            answer()
        ),
        (
            "usage in every event", [event(#""content":"Hi""#, after: #","usage":{"prompt_tokens":1}"#), stop, usage],
            answer()
        ),
        ("usage without choices", [role, text, stop, "{" + usageMember.dropFirst() + "}"], answer()),
        ("usage with null choices", [role, text, stop, #"{"choices":null"# + usageMember + "}"], answer()),
        ("usage with a choice", [role, text, stop, event(#""content":"""#, after: usageMember)], answer()),
        ("usage before the finish", [role, usage, text, stop], answer()),
        (
            "Groq's usage",
            [role, text, stop, #"{"choices":[],"x_groq":{"usage":{"prompt_tokens":2,"completion_tokens":1}}}"#],
            answer()
        ),
        (
            "llama.cpp's counts",
            [
                role, text,
                event(
                    "", #","finish_reason":"stop""#, after: #","timings":{"cache_n":1,"prompt_n":1,"predicted_n":1}"#),
            ],
            [
                .role(.assistant), .text("Hi"), .finish(Finish(.stop)),
                .end(Usage(promptTokens: 0, completionTokens: 0), nil),
            ]
        ),
        ("no delta", [#"{"choices":[{"index":0}]}"#, text, stop, usage], answer()),
        ("no index", [#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#, usage], answer()),
        (
            "plain text", [#"{"choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":"stop"}]}"#, usage],
            answer()
        ),
        (
            "log-probabilities in the older form",
            [
                #"{"choices":[{"text":"Hi","index":0,"logprobs":{"tokens":["H","bytes:\\xe2i"],"text_offset":[9,10],"#
                    + #""token_logprobs":[-1,-9999.0],"top_logprobs":[{"h":-3,"H":-1},null]},"finish_reason":"stop"}]}"#,
                usage,
            ],
            answer([
                .text("Hi"),
                .logProbabilities([
                    TokenLogProbability(
                        token: .init(bytes: [72], logProbability: -1),
                        top: [.init(bytes: [72], logProbability: -1), .init(bytes: [104], logProbability: -3)]),
                    TokenLogProbability(token: .init(bytes: [0xE2, 105], logProbability: -.infinity)),
                ]),
            ])
        ),
        ("obfuscation", [event(#""content":"Hi""#, after: #","obfuscation":"xyz""#), stop, usage], answer()),
        (
            "reasoning under both names",
            [
                event(#""reasoning_content":"a""#), event(#""reasoning":"b""#),
                event(#""reasoning":"c","reasoning_content":"c""#), stop, usage,
            ],
            answer([.reasoning("a"), .reasoning("b"), .reasoning("c")])
        ),
        (
            "several things at once",
            [
                event(
                    #""tool_calls":[{"index":0,"id":"i","function":{"name":"f","arguments":"{}"}}],"refusal":"no","content":"Hi","reasoning_content":"r","role":"assistant""#,
                    #","logprobs":{"content":[{"token":"é","logprob":-1,"bytes":null,"top_logprobs":[]}]},"finish_reason":"tool_calls""#
                ),
                usage,
            ],
            answer(
                [
                    .reasoning("r"), .text("Hi"), .refusal("no"),
                    .toolCall(ToolCallFragment(index: 0, id: "i", name: "f", arguments: "{}")),
                    .logProbabilities([TokenLogProbability(token: .init(bytes: [0xC3, 0xA9], logProbability: -1))]),
                ], .toolCalls)
        ),
    ]

    private static let usageMember = #","usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}"#

    @Test(arguments: orders) func bendsToTheProvider(_ name: String, _ events: [String], _ contents: [Chunk.Content])
        throws
    {
        #expect(try decode(events).map(\.content) == contents)
    }

    @Test(arguments: [
        ("stop", FinishReason.stop), ("end_turn", .stop), ("STOP", .stop), ("eos", .stop), ("stop_sequence", .stop),
        ("length", .length), ("max_tokens", .length), ("MAX_TOKENS", .length),
        ("model_context_window_exceeded", .length),
        ("max_output_tokens", .length), ("tool_calls", .toolCalls), ("tool_use", .toolCalls),
        ("function_call", .toolCalls),
        ("content_filter", .contentFilter), ("SAFETY", .contentFilter), ("IMAGE_SAFETY", .contentFilter),
        ("refusal", .contentFilter), ("guardrail_intervened", .contentFilter),
        ("pause_turn", FinishReason(rawValue: "pause_turn")),
    ])
    func finishReasonsAreOpenAIsAndTheirOwnWordIsKept(_ word: String, _ reason: FinishReason) throws {
        let chunks = try decode([Self.text, Self.event("", #","finish_reason":"\#(word)""#), Self.usage])
        #expect(chunks[2].content == .finish(Finish(reason)))
        let kept = chunks[2].metadata?.remainder
        #expect(kept == (reason.rawValue == word ? nil : ["choices": [["native_finish_reason": .string(word)]]]))
    }

    @Test func aReasonThatSaysItFailedIsAnError() {
        for word in ["error", "ERROR", "MALFORMED_FUNCTION_CALL"] {
            let error = error([Self.text, Self.event("", #","finish_reason":"\#(word)""#), Self.usage])
            #expect(error?.code == .providerFailed && error?.message.contains(word) == true)
        }
    }

    @Test func toolCallsEndTheAnswerWhateverTheProviderSays() throws {
        let call = Self.event(
            #""tool_calls":[{"index":0,"id":"i","type":"function","function":{"name":"f","arguments":""}}]"#)
        let chunks = try decode([call, Self.stop, Self.usage])
        #expect(chunks[2].content == .finish(Finish(.toolCalls)))
        #expect(chunks[2].metadata?.remainder == ["choices": [["native_finish_reason": "stop"]]])
    }

    /// Pieces of calls as they come, and the whole calls.
    @Test(
        arguments: [
            (
                [
                    #"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
                    #"{"index":0,"function":{"arguments":"{"}}"#,
                    #"{"index":0,"function":{"arguments":"}"}}"#, #"{"index":1,"id":"b","function":{"name":"g"}}"#,
                ], ["0 a f {}", "1 b g "]
            ),
            // The id and the name in every piece.
            (
                [
                    #"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                    #"{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}"#,
                    #"{"index":0,"id":"","function":{"name":"","arguments":" "}}"#,
                    #"{"index":0,"id":null,"function":{"name":null,"arguments":null}}"#,
                ], ["0 a f {} "]
            ),
            // No numbers.
            (
                [
                    #"{"id":"a","function":{"name":"f","arguments":"{"}}"#, #"{"function":{"arguments":"}"}}"#,
                    #"{"id":"b","function":{"name":"g","arguments":"[]"}}"#,
                    #"{"id":"a","function":{"arguments":" "}}"#,
                ], ["0 a f {} ", "1 b g []"]
            ),
            // Every call has number 0.
            (
                [
                    #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
                    #"{"index":0,"id":"b","function":{"name":"f","arguments":"[]"}}"#,
                    #"{"index":0,"function":{"arguments":" "}}"#,
                ], ["0 a f {}", "1 b f [] "]
            ),
            // No id, and arguments that are no text.
            (
                [#"{"index":3,"function":{"name":"f","arguments":{"b":[1],"a":"é"}}}"#],
                [#"3  f {"a":"\u00e9","b":[1]}"#]
            ),
        ])
    func callsAreToldApart(_ pieces: [String], _ calls: [String]) throws {
        let events = pieces.map { Self.event("\"tool_calls\":[\($0)]") }
        var reply = Reply()
        for chunk in try decode(events + [Self.stop, Self.usage]) { reply.append(chunk) }
        #expect(reply.choices[0].toolCalls.map { "\($0.index) \($0.id) \($0.name) \($0.arguments)" } == calls)
        var whole = Reply()
        for chunk in try decode([
            Self.event("\"tool_calls\":[\(pieces.joined(separator: ","))]"), Self.stop, Self.usage,
        ]) {
            whole.append(chunk)
        }
        #expect(whole.choices[0].toolCalls == reply.choices[0].toolCalls)
    }

    @Test func theFirstIdentityStands() throws {
        let events = [
            #"{"id":"","created":0,"model":"","choices":[],"prompt_filter_results":[{"a":1}]}"#, Self.role,
            #"{"id":"other","created":9,"model":"n","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, Self.usage,
        ]
        let chunks = try decode(events)
        #expect(chunks.allSatisfy { ($0.id, $0.created, $0.model) == ("c", 7, "m") })
        #expect(chunks[0].metadata?.remainder == ["prompt_filter_results": [["a": 1]]])
        #expect(try decode([#"{"choices":[{"text":"a","finish_reason":"stop"}]}"#])[0].id.isEmpty)
    }

    @Test func whatHasNoPlaceIsMetadata() throws {
        let events = [
            Self.event(
                #""role":"assistant","content":"","x":1"#, #","y":[2]"#, after: #","system_fingerprint":"fp","z":null"#),
            #"{"ping":true}"#, Self.event(#""content":"Hi""#, #","native_finish_reason":null"#),
            Self.event("", #","finish_reason":"end_turn","native_finish_reason":"END","stop_reason":17"#),
            #"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":9,"#
                + #""prompt_tokens_details":{"cached_tokens":5,"audio_tokens":0},"cost":0.5}}"#,
        ]
        let metadata = try decode(events).map(\.metadata?.remainder)
        #expect(
            metadata == [
                ["system_fingerprint": "fp", "choices": [["y": [2], "delta": ["x": 1]]]], ["ping": true],
                ["choices": [["native_finish_reason": "END", "stop_reason": 17]]],
                ["usage": ["total_tokens": 9, "prompt_tokens_details": ["audio_tokens": 0], "cost": .number(0.5)]],
            ])
        #expect(
            try decode(events).last?.content == .end(Usage(promptTokens: 2, completionTokens: 1, cachedTokens: 2), nil))
    }

    @Test func rawBytesStandAtTheFirstChunkOfTheirEvent() throws {
        let empty = Self.event("")
        let chunks = try decode([Self.text, empty, Self.stop, Self.usage, Self.done], keepsRaw: true)
        let raw = chunks.map { $0.metadata?.raw.map { String(decoding: $0, as: UTF8.self) } }
        #expect(raw == [nil, Self.text, empty + "\n" + Self.stop, Self.usage])
    }

    @Test func usageThatNobodySaidIsMarked() throws {
        let end = try #require(try decode([Self.text, Self.stop, Self.done]).last)
        #expect(end.content == .end(Usage(promptTokens: 0, completionTokens: 0), nil))
        #expect(end.metadata?.remainder == ["usage": .null])
        // Written again, it is still unknown.
        var output: [UInt8] = []
        var encoder = OpenAIChunkEncoder()
        encoder.append(end, to: &output)
        #expect(String(decoding: output, as: UTF8.self).hasSuffix(#""usage":null}"#))
    }

    @Test func progressAndTimingsAreLlamaCpps() throws {
        let events = [
            Self.event(
                #""role":"assistant","content":null"#,
                after: #","prompt_progress":{"total":9,"cache":2,"processed":4,"time_ms":3}"#),
            Self.event("", after: #","prompt_progress":{"total":9,"cache":5,"processed":4}"#), Self.text,
            Self.event("", after: #","prompt_progress":{"total":9,"cache":2,"processed":9}"#),
            Self.event(
                "", #","finish_reason":"stop""#,
                after:
                    #","timings":{"cache_n":2,"prompt_n":7,"prompt_ms":1.5,"predicted_n":3,"predicted_ms":20,"predicted_per_second":150,"draft_n":5,"draft_n_accepted":4}"#
            ),
        ]
        let chunks = try decode(events)
        let timings = Timings(
            prompt: .microseconds(1500), decode: .milliseconds(20), firstToken: nil, draftedTokens: 5,
            acceptedTokens: 4)
        #expect(
            chunks.map(\.content) == [
                .role(.assistant), .progress(PromptProgress(processed: 4, cached: 2, total: 9)), .text("Hi"),
                .finish(Finish(.stop)), .end(Usage(promptTokens: 9, completionTokens: 3, cachedTokens: 2), timings),
            ])
    }

    @Test(
        arguments: [
            ([], .truncated), ([role, text], .truncated), ([role, text, done], .truncated), ([done], .truncated),
            ([role, stop.replacing(#""index":0"#, with: #""index":1"#), done], .truncated),
            ([role, text, stop, text], .badResponse), (["nonsense"], .badResponse), (["[]"], .badResponse),
            (["{\"choices\":"], .badResponse), ([text.replacing(#""index":0"#, with: #""index":128"#)], .badResponse),
            ([text.replacing(#""index":0"#, with: #""index":-1"#)], .badResponse),
            ([text.replacing(#""index":0"#, with: #""index":1e300"#), done], .truncated),
            ([event(#""tool_calls":[{"index":128,"function":{"name":"f"}}]"#)], .badResponse),
            ([role, text, #"{"error":{"message":"Slow down.","code":"rate_limit_exceeded"}}"#], .rateLimited),
            ([role, #"{"error":"broken"}"#], .providerFailed),
            ([role, #"{"x_groq":{"error":"broken"}}"#], .providerFailed),
        ] as [([String], GenerationError.Code)])
    func whatIsNoAnswerIsAnError(_ events: [String], _ code: GenerationError.Code) {
        #expect(error(events)?.code == code)
    }

    /// One after the other, a choice that has finished does not make the answer whole.
    @Test(arguments: [1, 2, 3]) func aCutBetweenTwoChoicesIsACut(_ finished: Int) throws {
        var decoder = OpenAIChunkDecoder(choiceCount: 3)
        for index in 0..<finished {
            for event in [Self.role, Self.text, Self.stop] {
                _ = try decoder.decode(Array(event.replacing(#""index":0"#, with: "\"index\":\(index)").utf8))
            }
        }
        var patient = decoder
        if finished == 3 {
            #expect(try decoder.finish().count == 1)
        } else {
            let error = #expect(throws: GenerationError.self) { try decoder.finish() }
            #expect(error?.code == .truncated)
        }
        // A server that knows no choices says so with its sign of the end.
        #expect(try patient.decode(Array(Self.done.utf8)).count == 1)
    }

    @Test func emptyPiecesBeginPlainChoicesInTheirOrder() throws {
        func event(_ index: Int, _ text: String, _ finish: String = "null") -> String {
            #"{"choices":[{"index":\#(index),"text":"\#(text)","logprobs":null,"finish_reason":\#(finish)}]}"#
        }
        let chunks = try decode([
            event(1, ""), event(0, ""), event(0, ""), event(0, "a"), event(1, "", #""stop""#), event(0, "", #""stop""#),
        ])
        let finish = Chunk.Content.finish(Finish(.stop))
        #expect(chunks.dropLast().map(\.index) == [1, 0, 0, 1, 0])
        #expect(chunks.dropLast().map(\.content) == [.role(.assistant), .role(.assistant), .text("a"), finish, finish])
    }

    @Test func anEventThatWasCutOffIsACut() throws {
        var decoder = OpenAIChunkDecoder()
        #expect(throws: GenerationError.self) { try decoder.decode(Array("{\"id".utf8), isComplete: false) }
        do { _ = try decoder.decode(Array("{\"id".utf8), isComplete: false) } catch {
            #expect(error.code == .truncated)
        }
        #expect(try decoder.decode(Array(Self.text.utf8), isComplete: false).count == 2)
    }

    @Test func whatIsHeldIsBounded() throws {
        var decoder = OpenAIChunkDecoder()
        let junk = Array("{\"junk\":\"\(String(repeating: "x", count: 1 << 20))\"}".utf8)
        for _ in 0..<3 { #expect(try decoder.decode(junk).isEmpty) }
        #expect(throws: GenerationError.self) { try decoder.decode(junk) }
    }

    /// Numbers that no count of tokens can be are not counted, and above all add up to no crash.
    @Test(arguments: ["-1", "9223372036854775807", "1e300", "2147483648", "\"7\"", "1.5", "[]", "true"])
    func countsAreBounded(_ number: String) throws {
        let usage =
            #"{"choices":[],"usage":{"prompt_tokens":\#(number),"completion_tokens":\#(number),"total_tokens":1}}"#
        let end = try #require(try decode([Self.text, Self.stop, usage]).last)
        #expect(end.content == .end(Usage(promptTokens: 0, completionTokens: 0), nil))
    }
}
