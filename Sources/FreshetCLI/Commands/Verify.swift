import Foundation
import Freshet
import FreshetHTTP
import FreshetLlama

/// `freshet verify`: computes a manifest's answers again, and says whether they are the same.
enum Verify {
    /// What can be chosen.
    struct Values {
        var manifest: String?
        var model = ModelOptions()
    }

    /// The exit status where an answer differs.
    static let differentStatus: Int32 = 3

    static var syntax: Syntax<Values> {
        Syntax(
            name: "verify", summary: "Say whether this machine gives a manifest's answer", defaults: Values(),
            operand: Operand(
                placeholder: "MANIFEST", isRequired: true,
                help: "a file that “freshet generate --manifest” wrote; - is standard input",
                path: \.manifest),
            groups: [
                OptionGroup(
                    title: "Model",
                    options: [ModelOptions.fileOption, ModelOptions.adapterOption, ModelOptions.verboseOption]
                ).lifted(to: \.model)
            ],
            notes: [
                "The answer is computed with the manifest's own settings: threads, context, types of the cache. A manifest "
                    + "of another model, or of other adapters, is refused.",
                "At the first token that differs its log-probabilities are told, and what they say: that the logits are the "
                    + "same and the token was drawn in another way; or a near tie, a difference that rounding makes (of "
                    + "another processor, say, or another number of threads); or that other logits were computed.",
                "Exit status: 0 the same tokens, 3 different, 1 failed, 2 wrong usage.",
            ])
    }

    static func run(_ values: Values, console: Console) async throws {
        let path = values.manifest ?? ""
        let manifest = try manifest(path, console: console)
        let modelPath = if let model = values.model.path { model } else { try EmbeddedModel.find() }
        // Known before a model is loaded for minutes.
        let file = try GGUFFile(path: modelPath)
        let fingerprint = file.fingerprint(with: try file.checked(values.model.adapters))
        try manifest.check(fingerprint: fingerprint, of: modelPath)
        if values.model.isVerbose { LlamaLog.send { line in console.note(line.text) } }
        var options = LlamaOptions(modelPath: modelPath, as: manifest.environment)
        options.load.adapters = values.model.adapters
        do { try options.validate() } catch { throw refusal(path, error) }
        let provider = try await Composition.withProgress("Loading the model", console) {
            progress async throws(GenerationError) in
            try await LlamaProvider.load(options, progress: progress)
        }
        for difference in manifest.environment.differences(from: provider.environment) {
            console.note(difference.printableLine)
        }
        let result: Verification
        do {
            let task = Task { try await provider.verify(manifest) }
            result = try await console.signals.stopping(with: task.cancel) { try await task.value }
        } catch {
            await provider.shutDown()
            guard let error = error as? GenerationError, [.invalidRequest, .promptTooLong].contains(error.code) else {
                throw error
            }
            throw refusal(path, error)
        }
        let lines = report(on: result, vocabulary: provider.llama.vocabulary)
        await provider.shutDown()
        try console.output.write(lines)
        if result.difference != nil { throw Exit(status: differentStatus, message: nil) }
    }

    /// Reads a manifest's file.
    private static func manifest(_ path: String, console: Console) throws -> Manifest {
        let text =
            path == "-" ? try console.input.readText() : try Input.readText(file: path, signals: console.signals)
        do throws(GenerationError) {
            return try Manifest(json: try JSONValue(json: text.utf8, of: "It"))
        } catch {
            throw refusal(path, error)
        }
    }

    private static func refusal(_ path: String, _ error: GenerationError) -> Exit {
        .failed("“\(path)” is no manifest that can be verified: \(error.message)")
    }

    /// What was found, for a person.
    static func report(on result: Verification, vocabulary: Vocabulary) -> String {
        let tokens = result.matchingTokens.counted("token")
        let drift =
            result.drift == 0
            ? "their log-probabilities to the last bit" : "their log-probabilities to within \(number(result.drift))"
        guard let difference = result.difference else {
            return result.drift <= Verification.rounding
                ? "The same: \(tokens), \(drift).\n"
                : "The same: \(tokens), but of other logits: \(drift), and rounding moves them by less.\n"
        }
        func name(_ token: Token) -> String {
            "\(token) \(TokenLine.quoted(vocabulary.bytes(of: token, showingControl: true)))"
        }
        let verdict =
            switch result.verdict {
            case .drawnOtherwise:
                "The logits are the same, to the last bit: the token was drawn in another way, by other sampling settings, "
                    + "another seed or another version's sampler."
            case .altered:
                "The manifest was changed: what it says of this token's log-probability is, to the last bit, that of the token "
                    + "that came here."
            case .nearTie: "A near tie: rounding decided between the two."
            case .farApart:
                "No near tie: what was recorded moved as rounding moves it, but the two tokens are too far apart for that "
                    + "to decide. Other logits differ more, or the token was drawn in another way."
            case .otherLogits, nil: "No near tie: the model's logits differ."
            }
        return """
            Different at token \(difference.position) of answer \(difference.answer), counted from 0.
            The same before: \(tokens), \(drift).
            There: \(name(difference.expected)), log-probability \(number(difference.recorded)); here \
            \(number(difference.expectedHere)).
            Here: \(name(difference.found)), log-probability \(number(difference.foundHere)).
            \(verdict)

            """
    }

    private static func number(_ value: Float) -> String { String(format: "%.6g", Double(value)) }
}
