import Foundation
import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@testable import FreshetCLI
@testable import FreshetLlama

/// Manifests: their JSON, and `freshet generate --manifest` and `freshet verify` as processes.
struct VerifyTests {
    private static let goldenPath = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "manifest.json"
    )
    .path

    private static var sample: Manifest {
        var sampling = SamplingOptions()
        (sampling.seed, sampling.temperature) = (.max, 0.5)
        sampling.logitBias = [7: 1.5, 5: -.infinity]
        sampling.stages = [.topK, .temperature]
        let environment = ManifestEnvironment(
            model: "naïve", fingerprint: "0123456789abcdef", adapters: ["style.gguf:0.5"], freshet: "0.1.0",
            llama: "b1", ggml: "0.9",
            processor: "AVX2=1", threads: 2, batchThreads: 4, contextLength: 512, keyType: .q8_0, valueType: .f16,
            flashAttention: nil, usesRepacking: true, usesBLAS: false, usesKernels: true)
        return Manifest(
            environment: environment, sampling: sampling, responseFormat: .regex("a+"),
            form: Manifest.Form(
                calls: Grammar(
                    text: "root ::= .", triggers: [.text("<call>"), .token(7)], seesControlTokens: true,
                    field: "form.calls.grammar"),
                opening: Grammar(text: "root ::= <[0]>", seesControlTokens: true, field: "form.opening.grammar"),
                isObeyedWhileThinking: true, begun: [8], shown: [9, 3],
                thoughts: .init(start: "<t>", ends: ["</t>", "<call>"], forced: [5, 6], budget: 2, begun: "a<t>")),
            shiftsContext: true, prompt: [1, 300],
            answers: [
                Manifest.Answer(tokens: [5, 2], logProbabilities: [-0.1, -9998]),
                Manifest.Answer(tokens: [7], logProbabilities: [0]),
            ])
    }

    @Test func theJSONIsTheGoldenOne() throws {
        let golden = try String(contentsOfFile: Self.goldenPath, encoding: .utf8)
        #expect(Self.sample.json.text + "\n" == golden)
        #expect(try Manifest(json: try JSONValue(json: golden.utf8)) == Self.sample)
        for format in [ResponseFormat.text, .jsonObject, .jsonSchema("{}"), .grammar("root ::= \"a\"")] {
            var other = Self.sample
            (other.responseFormat, other.form) = (format, nil)
            #expect(try Manifest(json: try JSONValue(json: other.json.text.utf8)) == other)
        }
    }

    /// The version before knew no form and no adapters.
    @Test func theFirstVersionIsUnderstood() throws {
        var old = Self.sample
        (old.form, old.environment.adapters) = (nil, [])
        guard case .object(var members) = old.json, case .object(var model)? = members["model"] else { return }
        (members["version"], members["form"], model["adapters"]) = (1, nil, nil)
        members["model"] = .object(model)
        #expect(try Manifest(json: .object(members)) == old)
    }

    /// A member that is missing, of another kind or out of range, and what is named.
    @Test(
        arguments: [
            (["version"], nil, "version"), (["version"], 3, "version"), (["version"], 0, "version"),
            (["version"], "1", "version"),
            (["model"], nil, "model"), (["model", "fingerprint"], 7, "model.fingerprint"),
            (["settings"], [], ""), (["settings", "threads"], .number(0.5), "settings.threads"),
            (["settings", "cache_type_k"], "f64", "settings.cache_type_k"),
            (["build", "kernels"], nil, "build.kernels"),
            (["sampling"], nil, "sampling"), (["sampling", "seed"], nil, "sampling.seed"),
            (["sampling", "temperature"], -1, "temperature"), (["sampling", "top_k"], "many", "top_k"),
            (["prompt"], nil, "prompt"), (["prompt"], [1, "a"], "prompt[1]"),
            (["prompt"], [.integer(1 << 40)], "prompt[0]"), (["answers"], [], "answers"),
            (["answers"], [["tokens": [1], "logprobs": []]], "answers[0].logprobs"),
            (["answers"], [["tokens": [1]]], "answers[0].logprobs"), (["answers"], [7], ""),
            (["answers"], [["tokens": [], "logprobs": []]], "answers[0].tokens"),
            (["answers"], [["tokens": [1], "logprobs": [0]], ["tokens": [], "logprobs": []]], "answers[1].tokens"),
            (["answers"], [["tokens": [1, 2], "logprobs": [0, .number(1e308)]]], "answers[0].logprobs[1]"),
            (["answers"], [["tokens": [1], "logprobs": [.number(-1e308)]]], "answers[0].logprobs[0]"),
            (["answers"], [["tokens": [1], "logprobs": [-9999]]], "answers[0].logprobs[0]"),
            (["answers"], [["tokens": [1], "logprobs": [.number(.nan)]]], "answers[0].logprobs[0]"),
            (["answers"], [["tokens": [1], "logprobs": [.number(1e-3)]]], "answers[0].logprobs[0]"),
            (["answers"], .array(Array(repeating: ["tokens": [], "logprobs": []], count: 129)), "answers"),
            (["response_format"], ["type": "poem"], "response_format.type"),
            (["model", "adapters"], [7], "adapters[0]"),
            (["form"], 7, ""), (["form", "begun"], nil, "form.begun"), (["form", "shown"], ["a"], "form.shown[0]"),
            (["form", "calls", "grammar"], nil, "form.calls.grammar"), (["form", "calls", "triggers"], [[:]], ""),
            (["form", "thoughts", "ends"], ["</t>", 7], "form.thoughts.ends[1]"),
            (["form", "thoughts", "budget"], .number(0.5), "form.thoughts.budget"),
        ] as [([String], JSONValue?, String)])
    func aHostileManifestIsRefusedByName(_ path: [String], _ value: JSONValue?, _ parameter: String) {
        func replacing(_ whole: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
            guard let name = path.first, case .object(var members) = whole else { return value ?? .null }
            members[name] = path.count == 1 ? value : replacing(members[name] ?? .null, path.dropFirst())
            return .object(members)
        }
        let error = #expect(throws: GenerationError.self) {
            _ = try Manifest(json: replacing(Self.sample.json, path[...]))
        }
        #expect(error?.code == .invalidRequest && error?.message.hasSuffix(".") == true)
        if !parameter.isEmpty { #expect(error?.parameter?.hasSuffix(parameter) == true, "\(error as Any)") }
    }

    private static func verify(_ manifest: String) async -> FreshetProcess.Outcome {
        await FreshetProcess.run(["verify", "-"], input: Array(manifest.utf8))
    }

    @Test func anAnswerIsFoundAgainAndADifferenceTold() async throws {
        let file = try TemporaryFile("")
        let made = await FreshetProcess.run(
            ["generate", "--manifest", file.path, "--seed", "3", "--temp", "1.2", "-n", "30", "--choices", "2"],
            input: Array("Once upon a time".utf8))
        #expect(made.ending == .exited(0), "\(made.errorText)")
        let same = await FreshetProcess.run(["verify", file.path])
        #expect(same.ending == .exited(0), "\(same.errorText)")
        #expect(same.text.hasPrefix("The same: ") && same.text.contains("to the last bit"))

        let text = try #require(file.contents)
        var manifest = try Manifest(json: try JSONValue(json: text.utf8))
        #expect(manifest.answers.count == 2 && manifest.answers[0].tokens.count > 5)
        let probe = try await LlamaProvider.load(
            LlamaOptions(modelPath: FreshetTestSupport.EmbeddedModel.path, as: manifest.environment))
        // Another token in the record, of which the record says what this machine does, or something else.
        for (drift, words) in [(Float(0), "The logits are the same"), (-3, "No near tie: the model's logits differ")] {
            var changed = manifest
            let token = changed.answers[1].tokens[4]
            changed.answers[1].tokens[4] = token == 400 ? 401 : 400
            let difference = try #require(try await probe.verify(changed).difference)
            #expect(difference.answer == 1 && difference.position == 4 && difference.found == token)
            changed.answers[1].logProbabilities[4] = difference.expectedHere + drift
            let told = await Self.verify(changed.json.text)
            #expect(told.ending == .exited(3) && told.text.contains("token 4 of answer 1"), "\(told.text)")
            #expect(told.text.contains(words), "\(told.text)")
        }
        // Other sampling settings draw other tokens from the same logits.
        for change in [{ $0.temperature = 0 }, { $0.topK = 1 }] as [(inout SamplingOptions) -> Void] {
            var changed = manifest
            change(&changed.sampling)
            #expect(try await probe.verify(changed).verdict == .drawnOtherwise)
        }
        // No library's caller has an empty answer found again either.
        for (tokens, values) in [([], []), ([1], [.infinity]), ([1], [])] as [([Token], [Float])] {
            var changed = manifest
            changed.answers[1] = Manifest.Answer(tokens: tokens, logProbabilities: values)
            let error = await #expect(throws: GenerationError.self) { _ = try await probe.verify(changed) }
            #expect(error?.parameter?.hasPrefix("answers[1]") == true, "\(error as Any)")
        }
        await probe.shutDown()
        manifest.answers[0].tokens[0] = 1 << 20
        let stray = await Self.verify(manifest.json.text)
        #expect(stray.ending == .exited(1) && stray.errorText.contains("token 1048576"), "\(stray.errorText)")
        manifest.environment.fingerprint = "0000000000000000"
        let foreign = await Self.verify(manifest.json.text)
        #expect(foreign.ending == .exited(1) && foreign.errorText.contains("another model"), "\(foreign.errorText)")
        manifest = try Manifest(json: try JSONValue(json: text.utf8))
        manifest.environment.contextLength = 16
        let short = await Self.verify(manifest.json.text)
        #expect(short.ending == .exited(1) && short.errorText.contains("end it after the"), "\(short.errorText)")
        manifest.environment.threads = -1
        let strange = await Self.verify(manifest.json.text)
        #expect(strange.ending == .exited(1) && strange.errorText.contains("threads must be"), "\(strange.errorText)")
        let broken = await Self.verify("{\"version\":1,")
        #expect(broken.ending == .exited(1) && broken.errorText.contains("is no manifest"), "\(broken.errorText)")
    }

    /// Every verdict is told in words of its own, and tokens that are the same are not more than that.
    @Test func eachVerdictHasItsSentence() async throws {
        let provider = try await LlamaProvider.load(LlamaOptions(modelPath: FreshetTestSupport.EmbeddedModel.path))
        var result = Verification(matchingTokens: 3, drift: 0)
        func report() -> String { Verify.report(on: result, vocabulary: provider.llama.vocabulary) }
        #expect(report() == "The same: 3 tokens, their log-probabilities to the last bit.\n")
        result.drift = 0.01
        #expect(report() == "The same: 3 tokens, their log-probabilities to within 0.01.\n")
        result.drift = 7
        #expect(report().hasPrefix("The same: 3 tokens, but of other logits: "))
        for (drift, here, found, words) in [
            (Float(0), Float(-0.7), Float(-0.7), "The logits are the same, to the last bit: the token was drawn"),
            (0, -9, -0.7, "The manifest was changed"), (0.01, -0.7, -0.75, "A near tie: rounding decided"),
            (0.01, -0.7, -2, "too far apart"), (1, -0.7, -0.7, "the model's logits differ"),
        ] {
            result.drift = drift
            result.difference = Verification.Difference(
                answer: 0, position: 3, expected: 1, found: 2, recorded: -0.7, expectedHere: here, foundHere: found,
                reach: 0.1)
            #expect(report().contains(words), "\(report())")
        }
        await provider.shutDown()
    }

    /// Before a model is loaded, which here would fail too: nobody waits for an answer that has no place.
    @Test(arguments: [
        ["generate", "--manifest", "/nowhere/a.json", "Hi"], ["bench", "-o", "/nowhere/a.json", "prompt"],
    ])
    func aPlaceThatCannotBeWrittenIsToldFirst(_ arguments: [String]) async {
        let told = await FreshetProcess.run(arguments + ["-m", "/nowhere/model.gguf"])
        #expect(told.ending == .exited(1) && told.text.isEmpty)
        #expect(told.errorText.contains("Cannot write “/nowhere/a.json”: No such file"), "\(told.errorText)")
    }
}
