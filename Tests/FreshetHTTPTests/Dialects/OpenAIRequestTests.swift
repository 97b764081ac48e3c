import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@Suite struct OpenAIRequestTests {
    private static let messages = #""messages":[{"role":"user","content":"Hi"}]"#

    /// Reads a body and checks its values, as a server and its provider do.
    private func read(_ body: String, at endpoint: OpenAIEndpoint = .chatCompletions) throws(GenerationError)
        -> OpenAIRequest
    {
        let request = try OpenAIRequest(body: Array(body.utf8), at: endpoint)
        try request.generation.validate()
        return request
    }

    /// A conversation with further members.
    private func read(with members: String) throws(GenerationError) -> OpenAIRequest {
        try read("{\(Self.messages),\(members)}")
    }

    private func refusal(of body: String, at endpoint: OpenAIEndpoint = .chatCompletions) -> GenerationError? {
        do {
            _ = try read(body, at: endpoint)
            return nil
        } catch {
            return error
        }
    }

    @Test func theLeastRequestHasTheDefaults() throws {
        let request = try read("{\(Self.messages)}")
        let prompt = Prompt.messages([Message(role: .user, content: "Hi")])
        #expect(
            request == OpenAIRequest(GenerationRequest(prompt: prompt), streams: false, includesUsage: false))
        #expect(request.endpoint == .chatCompletions)
    }

    @Test func everyFieldFindsItsPlace() throws {
        let body = #"""
            {"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":7,"stop":["a","é"],"seed":9,
            "deadline_ms":1500.25,"idle_timeout_ms":0.5,"n":3,"user":"é","weight":7,"context_shift":true,
            "return_progress":true,"cache_prompt":false,"speculate":true,"reproducible":true,"temperature":0.5,"dynatemp_range":0.1,
            "dynatemp_exponent":2,"top_p":0.25,"min_p":0.125,"typical_p":0.75,"top_n_sigma":1.5,"xtc_probability":0.5,
            "xtc_threshold":0.0625,"repeat_penalty":1.5,"frequency_penalty":-1,"presence_penalty":1.25,
            "dry_multiplier":0.5,"dry_base":2,"dry_allowed_length":3,"dry_penalty_last_n":-1,
            "dry_sequence_breakers":["x"],"mirostat":2,"mirostat_tau":3,"mirostat_eta":0.5,"top_k":5,"min_keep":2,
            "repeat_last_n":-1,"ignore_eos":true,"samplers":["top_k","typ_p"],"logit_bias":{"5":-1.5,"7":2},
            """# + Self.messages + "}"
        var sampling = SamplingOptions()
        (sampling.seed, sampling.temperature, sampling.dynamicTemperatureRange) = (9, 0.5, 0.1)
        (sampling.dynamicTemperatureExponent, sampling.topP, sampling.minP, sampling.typicalP) = (2, 0.25, 0.125, 0.75)
        (sampling.topNSigma, sampling.xtcProbability, sampling.xtcThreshold) = (1.5, 0.5, 0.0625)
        (sampling.repeatPenalty, sampling.frequencyPenalty, sampling.presencePenalty) = (1.5, -1, 1.25)
        (sampling.dryMultiplier, sampling.dryBase, sampling.dryAllowedLength) = (0.5, 2, 3)
        (sampling.dryPenaltyLastN, sampling.drySequenceBreakers, sampling.mirostat) = (-1, ["x"], .v2)
        (sampling.mirostatTau, sampling.mirostatEta, sampling.topK, sampling.minKeep) = (3, 0.5, 5, 2)
        (sampling.penaltyLastN, sampling.ignoresEndOfGeneration, sampling.stages) = (-1, true, [.topK, .typicalP])
        sampling.logitBias = [5: -1.5, 7: 2]
        let generation = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hi")]), sampling: sampling, maxTokens: 7,
            stop: ["a", "é"],
            deadline: .microseconds(1_500_250), idleTimeout: .microseconds(500), choiceCount: 3, shiftsContext: true,
            client: "é", weight: 7, reportsProgress: true, reusesPrefix: false, speculates: true, isReproducible: true)
        #expect(try read(body) == OpenAIRequest(generation, model: "m"))
    }

    @Test(arguments: [
        #""model":null,"stream":null,"stream_options":null,"stop":null,"seed":null,"temperature":null,"logit_bias":null"#,
        #""max_tokens":null,"max_completion_tokens":null,"n_predict":null,"tools":null,"response_format":null"#,
        #""stop":[]"#, #""stop":"""#, #""seed":-1"#, #""n_predict":-1"#, #""user":"","metadata":{"a":1},"store":true"#,
        #""unknown":{"a":[1]},"service_tier":"auto","parallel_tool_calls":true,"reasoning_format":"auto""#,
        #""n":1,"n_cmpl":1,"weight":1,"context_shift":false,"user":null,"idle_timeout_ms":null"#, #""best_of":1"#,
        #""n":1,"best_of":1,"logprobs":false,"top_logprobs":0,"tools":[],"functions":[],"tool_choice":"auto""#,
        #""tool_choice":null,"response_format":{"type":"text"},"echo":false,"suffix":"","grammar":"""#,
        #""modalities":["text"],"audio":null,"stream_options":{},"temperature":0.8,"top_k":40.0,"logit_bias":{}"#,
    ])
    func whatAsksForNothingIsPassedOver(_ members: String) throws {
        #expect(try read(with: members) == read("{\(Self.messages)}"))
    }

    @Test(
        arguments: [
            (#""max_tokens":5"#, 5), (#""max_completion_tokens":5"#, 5), (#""n_predict":5"#, 5),
            (#""max_tokens":0"#, 0),
            (#""max_completion_tokens":5,"max_tokens":6,"n_predict":7"#, 5), (#""max_tokens":6,"n_predict":-1"#, 6),
            (#""max_tokens":null,"n_predict":7"#, 7),
        ])
    func aTokenLimitHasThreeNames(_ members: String, _ limit: Int) throws {
        #expect(try read(with: members).generation.maxTokens == limit)
    }

    @Test(
        arguments: [
            (#""n":3"#, 3), (#""n_cmpl":3"#, 3), (#""n":3,"n_cmpl":4"#, 3), (#""n":null,"n_cmpl":4"#, 4),
            (#""n":2.0,"best_of":2"#, 2), (#""n_cmpl":2,"best_of":2"#, 2), (#""n":128"#, 128),
            (#""n":2,"best_of":null"#, 2),
        ])
    func choicesHaveTwoNames(_ members: String, _ count: Int) throws {
        #expect(try read(with: members).generation.choiceCount == count)
    }

    @Test(arguments: [#""safety_identifier":"a""#, #""user":"a""#, #""safety_identifier":"a","user":"b""#])
    func aUserHasTwoNames(_ members: String) throws {
        #expect(try read(with: members).generation.client == "a")
    }

    @Test(
        arguments: [
            (#""logprobs":true"#, 0), (#""logprobs":true,"top_logprobs":20"#, 20), (#""n_probs":3"#, 3),
            (#""n_probs":0,"logprobs":true,"top_logprobs":1"#, 1), (#""logprobs":false"#, nil),
            (#""logprobs":null,"top_logprobs":0,"n_probs":0"#, nil),
        ] as [(String, Int?)])
    func logProbabilitiesOfConversations(_ members: String, _ count: Int?) throws {
        #expect(try read(with: members).generation.logProbabilities == count)
    }

    @Test(
        arguments: [
            ("0", 0), ("5", 5), ("20", 20), ("true", 0), ("false", nil), ("null", nil),
        ] as [(String, Int?)])
    func logProbabilitiesOfPlainCompletions(_ value: String, _ count: Int?) throws {
        let request = try read(#"{"prompt":"a","logprobs":\#(value)}"#, at: .completions)
        #expect(request.generation.logProbabilities == count)
    }

    @Test func whatIsNotSaidIsTheServersDefault() throws {
        let defaults = GenerationRequest(prompt: .tokens([]), maxTokens: 7, shiftsContext: true, speculates: true)
        func generation(_ members: String) throws -> GenerationRequest {
            try OpenAIRequest(
                body: Array("{\(Self.messages),\(members)}".utf8), at: .chatCompletions, defaults: defaults
            ).generation
        }
        let silent = try generation(#""n_predict":-1,"context_shift":null"#)
        #expect(silent.maxTokens == 7 && silent.shiftsContext && silent.speculates)
        let explicit = try generation(#""max_tokens":9,"context_shift":false,"speculate":false"#)
        #expect(explicit.maxTokens == 9 && !explicit.shiftsContext && !explicit.speculates)
    }

    @Test(
        arguments: [
            ("0", 0), ("18446744073709551615", UInt64.max), ("-2", UInt64.max - 1), ("-9223372036854775808", 1 << 63),
            ("42.0", 42),
        ] as [(String, UInt64)])
    func aSeedIsAny64Bits(_ seed: String, _ expected: UInt64) throws {
        #expect(try read(with: "\"seed\":\(seed)").generation.sampling.seed == expected)
    }

    @Test(
        arguments: [
            (#"[[5,1.5],[7,false]]"#, [5: 1.5, 7: -.infinity]), (#"[]"#, [:]), (#"{"5":-100}"#, [5: -100]),
        ] as [(String, [Token: Float])])
    func biasesComeInTwoForms(_ json: String, _ biases: [Token: Float]) throws {
        #expect(try read(with: "\"logit_bias\":\(json)").generation.sampling.logitBias == biases)
    }

    @Test func stagesComeAsLettersToo() throws {
        let all = try read(with: #""samplers":"edskypmxt""#).generation.sampling.stages
        #expect(all == SamplingOptions.Stage.defaultOrder)
        #expect(try read(with: #""samplers":[]"#).generation.sampling.stages.isEmpty)
    }

    @Test(
        arguments: [
            (#""Hi""#, .text("Hi")), (#"["Hi"]"#, .text("Hi")), (#""""#, .text("")), ("[1,2]", .tokens([1, 2])),
            ("[[1,2]]", .tokens([1, 2])), ("[]", .tokens([])), ("[[]]", .tokens([])),
        ] as [(String, Prompt)])
    func aPromptComesInFourForms(_ json: String, _ prompt: Prompt) throws {
        let request = try read("{\"prompt\":\(json)}", at: .completions)
        #expect(request.generation.prompt == prompt && request.endpoint == .completions)
    }

    @Test(
        arguments: [
            (#"{"role":"user","content":"a","name":null,"x":1}"#, Message(role: .user, content: "a")),
            (#"{"role":"developer","content":"a"}"#, Message(role: .system, content: "a")),
            (#"{"role":"assistant","content":null,"tool_calls":[]}"#, Message(role: .assistant, content: "")),
            (#"{"role":"assistant"}"#, Message(role: .assistant, content: "")),
            (#"{"role":"tool","content":"a","tool_call_id":"i"}"#, Message(role: .tool, content: "a", toolCallID: "i")),
            (
                #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"input_text","text":"é"}]}"#,
                Message(role: .user, content: "a\né")
            ), (#"{"role":"user","content":[]}"#, Message(role: .user, content: "")),
        ])
    func messagesComeInManyForms(_ json: String, _ message: Message) throws {
        #expect(try read("{\"messages\":[\(json)]}").generation.prompt == .messages([message]))
    }

    /// Bodies of conversations, and the parameter that is blamed.
    @Test(
        arguments: [
            ("", nil), ("[]", nil), ("{\"a\"", nil), ("{}", "messages"), (#"{"messages":null}"#, "messages"),
            (#"{"messages":"a"}"#, "messages"), (#"{"messages":[]}"#, "messages"),
            (#"{"messages":["a"]}"#, "messages[0]"),
            (#"{"messages":[{"role":"user","content":"a"},{"content":"b"}]}"#, "messages[1].role"),
            (#"{"messages":[{"role":"robot","content":"a"}]}"#, "messages[0].role"),
            (#"{"messages":[{"role":1,"content":"a"}]}"#, "messages[0].role"),
            (#"{"messages":[{"role":"user","content":1}]}"#, "messages[0].content"),
            (#"{"messages":[{"role":"user","content":["a"]}]}"#, "messages[0].content[0]"),
            (#"{"messages":[{"role":"user","content":[{"text":"a"}]}]}"#, "messages[0].content[0].type"),
            (#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0].text"),
            (
                #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}]}"#,
                "messages[0].content[1].type"
            ),
            (
                #"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a"}]}]}"#,
                "messages[0].tool_calls[0].function"
            ),
        ] as [(String, String?)])
    func aWrongConversationIsNamed(_ body: String, _ parameter: String?) throws {
        let error = try #require(refusal(of: body))
        #expect(error.code == .invalidRequest && error.parameter == parameter, "\(error.parameter ?? "-"): \(error)")
        #expect(error.message.hasSuffix("."))
    }

    @Test(
        arguments: [
            ("{}", "prompt"), (#"{"prompt":7}"#, "prompt"), (#"{"prompt":["a","b"]}"#, "prompt"),
            (#"{"prompt":[[1],[2]]}"#, "prompt"), (#"{"prompt":[1,"a"]}"#, "prompt[1]"),
            (#"{"prompt":[-2147483649]}"#, "prompt[0]"),
            (#"{"prompt":[[1,2147483648]]}"#, "prompt[0][1]"), (#"{"prompt":[1.5]}"#, "prompt[0]"),
            (#"{"prompt":"a","echo":true}"#, "echo"), (#"{"prompt":"a","suffix":"b"}"#, "suffix"),
            (#"{"prompt":"a","logprobs":21}"#, "logprobs"), (#"{"prompt":"a","best_of":2}"#, "best_of"),
            (#"{"prompt":"a","logprobs":-1}"#, "logprobs"), (#"{"prompt":"a","logprobs":"3"}"#, "logprobs"),
        ])
    func aWrongPromptIsNamed(_ body: String, _ parameter: String) {
        #expect(refusal(of: body, at: .completions)?.parameter == parameter)
    }

    @Test(
        arguments: [
            (#""temperature":-1"#, "temperature"), (#""temperature":"hot""#, "temperature"),
            (#""temperature":1e300"#, "temperature"), (#""temperature":true"#, "temperature"),
            (#""top_p":1.5"#, "top_p"),
            (#""typical_p":2"#, "typical_p"), (#""top_k":1.5"#, "top_k"), (#""top_k":1e30"#, "top_k"),
            (#""stream":1"#, "stream"), (#""stream":"true""#, "stream"), (#""model":1"#, "model"),
            (#""stream_options":{"include_usage":"yes"}"#, "stream_options.include_usage"),
            (#""max_tokens":-1"#, "max_tokens"), (#""max_completion_tokens":-1"#, "max_completion_tokens"),
            (#""n_predict":-2"#, "n_predict"), (#""max_tokens":"7""#, "max_tokens"), (#""stop":7"#, "stop"),
            (#""stop":["a","b","c",7]"#, "stop[3]"), (#""stop":["a",""]"#, "stop"), (#""seed":1.5"#, "seed"),
            (#""seed":18446744073709551616"#, "seed"), (#""seed":"a""#, "seed"), (#""mirostat":3"#, "mirostat"),
            (#""samplers":["top_k","magic"]"#, "samplers[1]"), (#""samplers":"kz""#, "samplers"),
            (#""samplers":["top_k","top_k"]"#, "samplers"), (#""logit_bias":{"a":1}"#, "logit_bias"),
            (#""logit_bias":{"2147483648":1}"#, "logit_bias"), (#""logit_bias":{"5":"a"}"#, "logit_bias.5"),
            (#""logit_bias":[[5]]"#, "logit_bias[0]"), (#""logit_bias":[["a",1]]"#, "logit_bias[0][0]"),
            (#""logit_bias":[[5,true]]"#, "logit_bias[0][1]"), (#""logit_bias":5"#, "logit_bias"),
            (#""dry_sequence_breakers":"a""#, "dry_sequence_breakers"), (#""deadline_ms":0"#, "deadline_ms"),
            (#""deadline_ms":1e300"#, "deadline_ms"), (#""deadline_ms":-5"#, "deadline_ms"),
            (#""cache_prompt":0"#, "cache_prompt"), (#""n":0"#, "n"), (#""n":-1"#, "n"), (#""n":129"#, "n"),
            (#""n":1.5"#, "n"), (#""n":"2""#, "n"), (#""n_cmpl":true"#, "n_cmpl"), (#""n":2,"best_of":1"#, "best_of"),
            (#""n":2,"best_of":3"#, "best_of"), (#""best_of":"1""#, "best_of"),
            (#""idle_timeout_ms":0"#, "idle_timeout_ms"),
            (#""idle_timeout_ms":1e300"#, "idle_timeout_ms"), (#""context_shift":1"#, "context_shift"),
            (#""reproducible":"yes""#, "reproducible"),
            (#""weight":0"#, "weight"), (#""weight":101"#, "weight"), (#""weight":0.5"#, "weight"),
            (#""user":5"#, "user"),
            (#""safety_identifier":{}"#, "safety_identifier"),
            ("\"user\":\"\(String(repeating: "u", count: 513))\"", "user"),
            (#""logprobs":1"#, "logprobs"), (#""logprobs":"yes""#, "logprobs"),
            (#""top_logprobs":5"#, "top_logprobs"), (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"),
            (#""logprobs":false,"top_logprobs":1"#, "top_logprobs"), (#""n_probs":-1"#, "n_probs"),
            (#""logprobs":true,"top_logprobs":true"#, "top_logprobs"), (#""n_probs":21"#, "n_probs"),
            (#""logprobs":true,"post_sampling_probs":true"#, "post_sampling_probs"),
            (#""functions":[{"name":"f"}]"#, "functions"),
            (#""modalities":["text","audio"]"#, "modalities"), (#""audio":{"voice":"a"}"#, "audio"),
        ])
    func aWrongValueIsNamed(_ members: String, _ parameter: String) throws {
        let error = try #require(refusal(of: "{\(Self.messages),\(members)}"))
        #expect(error.code == .invalidRequest && error.parameter == parameter, "\(error.parameter ?? "-"): \(error)")
        #expect(error.message.hasSuffix(".") && error.message.contains(parameter))
    }

    @Test func whatIsNotSetIsNotWritten() {
        func write(_ request: OpenAIRequest, _ name: OpenAIRequest.TokenLimitName = .maxTokens) -> String {
            var output: [UInt8] = []
            request.append(to: &output, limitName: name)
            return String(decoding: output, as: UTF8.self)
        }
        var generation = GenerationRequest(prompt: .messages([Message(role: .user, content: "é")]))
        let messages = #""messages":[{"role":"user","content":"\u00e9"}]"#
        let whole = OpenAIRequest(generation, streams: false, includesUsage: false)
        #expect(write(whole) == "{\(messages)}")
        generation.maxTokens = 5
        generation.sampling.temperature = 0.1
        let limited = write(OpenAIRequest(generation, model: "m"), .maxCompletionTokens)
        let rest =
            #","max_completion_tokens":5,"temperature":0.1,"stream":true,"stream_options":{"include_usage":true}}"#
        #expect(limited == #"{"model":"m","# + messages + rest)
        generation.sampling.logitBias = [7: 1, 5: -.infinity]
        #expect(
            write(OpenAIRequest(generation)).contains(
                #""max_tokens":5,"temperature":0.1,"logit_bias":[[5,false],[7,1.0]]"#))
    }

    @Test(arguments: OpenAIRequest.TokenLimitName.allCases)
    func whatIsWrittenIsReadBackTheSame(_ name: OpenAIRequest.TokenLimitName) throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            let request = randomRequest(&generator)
            var body: [UInt8] = []
            request.append(to: &body, limitName: name)
            #expect(body.allSatisfy { 0x20...0x7E ~= $0 })
            let read = try OpenAIRequest(body: body, at: request.endpoint)
            #expect(read == request)
        }
    }

    /// A valid request with anything in any field.
    private func randomRequest(_ generator: inout SeededGenerator) -> OpenAIRequest {
        func chance() -> Bool { Bool.random(using: &generator) }
        func unit() -> Float {
            chance()
                ? Float.random(in: 0...1, using: &generator)
                : [0, 1, 0.1, .leastNonzeroMagnitude][Int.random(in: 0..<4, using: &generator)]
        }
        func large() -> Float {
            chance() ? unit() : Float(bitPattern: UInt32.random(in: 1..<0x7F80_0000, using: &generator))
        }
        func count() -> Int {
            chance() ? Int.random(in: 0...100, using: &generator) : Int.random(in: 0...Int.max, using: &generator)
        }
        func text() -> String {
            let scraps = ["a", "\"", "\\", "\n", "\u{0}", "é", "e\u{301}", "🍋", "\u{2028}", "</s>", "日本", " "]
            return (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                scraps[Int.random(in: 0..<scraps.count, using: &generator)]
            }
            .joined()
        }
        var sampling = SamplingOptions()
        if chance() { sampling.seed = UInt64.random(in: .min ... .max, using: &generator) }
        if chance() { sampling.stages = Array(SamplingOptions.Stage.allCases.shuffled(using: &generator).prefix(4)) }
        if chance() {
            for _ in 0..<3 {
                let token = Token.random(in: 0...Token.max, using: &generator)
                sampling.logitBias[token] = chance() ? -large() : large()
            }
            if chance() { sampling.logitBias[5] = -.infinity }
        }
        sampling.ignoresEndOfGeneration = chance()
        for path in [
            \.temperature, \.dynamicTemperatureRange, \.dynamicTemperatureExponent, \.repeatPenalty, \.dryMultiplier,
            \.dryBase, \.mirostatTau,
        ]
            as [WritableKeyPath<SamplingOptions, Float>] where chance()
        {
            sampling[keyPath: path] = max(large(), .leastNonzeroMagnitude)
        }
        for path in [
            \.topP, \.minP, \.typicalP, \.xtcProbability, \.xtcThreshold, \.mirostatEta, \.frequencyPenalty,
            \.presencePenalty,
        ]
            as [WritableKeyPath<SamplingOptions, Float>] where chance()
        {
            sampling[keyPath: path] = unit()
        }
        for path in [\.topK, \.minKeep, \.penaltyLastN, \.dryAllowedLength, \.dryPenaltyLastN]
            as [WritableKeyPath<SamplingOptions, Int>] where chance()
        {
            sampling[keyPath: path] = count()
        }
        if chance() { (sampling.topK, sampling.penaltyLastN, sampling.dryPenaltyLastN) = (-count(), -1, -1) }
        if chance() { sampling.frequencyPenalty = Float.random(in: -100...100, using: &generator) }
        if chance() { sampling.topNSigma = chance() ? large() : -large() }
        if chance() {
            sampling.drySequenceBreakers = (0..<Int.random(in: 0...3, using: &generator)).map { _ in text() }
        }
        sampling.mirostat = SamplingOptions.Mirostat.allCases.randomElement(using: &generator) ?? .off
        let prompts: [Prompt] = [
            .text(text()),
            .tokens(
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                    Token.random(in: 0...Token.max, using: &generator)
                }),
            .messages(Role.allCases.shuffled(using: &generator).map { Message(role: $0, content: text()) }),
        ]
        var generation = GenerationRequest(
            prompt: prompts[Int.random(in: 0..<3, using: &generator)], sampling: sampling,
            maxTokens: chance() ? count() : nil,
            stop: (0..<Int.random(in: 0...3, using: &generator)).map { _ in text() },
            deadline: chance() ? .nanoseconds(Int.random(in: 1...1 << 50, using: &generator)) : nil,
            idleTimeout: chance() ? .nanoseconds(Int.random(in: 1...1 << 50, using: &generator)) : nil,
            choiceCount: chance() ? Int.random(in: 1...GenerationRequest.choiceLimit, using: &generator) : 1,
            shiftsContext: chance(), client: chance() ? text() : "",
            weight: chance() ? Int.random(in: 1...GenerationRequest.weightLimit, using: &generator) : 1,
            reportsProgress: chance(), reusesPrefix: chance(), speculates: chance(),
            logProbabilities: chance()
                ? Int.random(in: 0...GenerationRequest.logProbabilityLimit, using: &generator) : nil,
            isReproducible: chance(), givesManifest: chance())
        if chance() { OpenAIToolTests.addTools(to: &generation, &generator) }
        // Only a stream has a place for usage at its end.
        let streams = chance()
        return OpenAIRequest(
            generation, model: chance() ? text() : nil, streams: streams, includesUsage: streams && chance())
    }
}
