internal import CLlama
public import Freshet
internal import Glibc

/// The local provider: a GGUF model run by llama.cpp on this machine's processor.
///
/// ```swift
/// let provider = try await LlamaProvider.load(LlamaOptions(modelPath: "model.gguf"))
/// let request = GenerationRequest(prompt: .messages([Message(role: .user, content: "Hello!")]))
/// for try await chunk in try await provider.stream(request) { print(chunk.text ?? "", terminator: "") }
/// await provider.shutDown()
/// ```
public final class LlamaProvider: Provider, EmbeddingProvider {
    /// The loaded model.
    public let llama: LlamaModel
    /// The name that chunks carry: the one asked for, or the model's own.
    public let model: String
    let engine: InferenceEngine
    let options: LlamaOptions
    /// What serves reproducible requests.
    private let isolated: LazyEngine
    /// What a saved state belongs to.
    let stateKey: [UInt8]
    /// What computes embeddings, or why the model gives none.
    private let embedder: Result<LlamaEmbedder, GenerationError>
    /// Prompts are made into tokens two at a time: each takes a thread, and memory that is many times the text.
    private let preparations = Turnstile(places: 2)

    /// Loads a model and starts an engine for it, both on threads of their own.
    ///
    /// - Parameter progress: called with 0…1 as the model is read, and the one that guesses for it where there is one;
    ///   answering `false` stops. A cancelled task stops too.
    /// - Throws: ``GenerationError`` that says why the model cannot be used.
    public static func load(
        _ options: LlamaOptions, progress: @escaping @Sendable (Double) -> Bool = { _ in true }
    ) async throws(GenerationError) -> LlamaProvider {
        try await load(options, freeBytes: nil, progress: progress)
    }

    /// The same, on a machine with that much free memory; `nil` asks the system once the models are loaded.
    static func load(
        _ options: LlamaOptions, freeBytes: Int?, progress: @escaping @Sendable (Double) -> Bool = { _ in true }
    ) async throws(GenerationError) -> LlamaProvider {
        try options.validate()
        let read = LoadingProgress(paths: [options.modelPath] + (options.draftModelPath.map { [$0] } ?? []))
        let model = try await LlamaModel.load(options) { progress(read.value(at: 0, $0)) }
        let draft = try await DedicatedThread.cancellableValue(named: "freshet-load") {
            cancellation throws(GenerationError) in
            try DraftModel(options, for: model) { !cancellation.isRequested && progress(read.value(at: 1, $0)) }
        }
        var configuration = InferenceEngine.Configuration(model: options.name ?? model.name)
        let slotCount = options.slotCount(
            for: model, draftContextBytes: draft?.contextByteCount ?? 0, freeBytes: freeBytes ?? FreeMemory.byteCount)
        configuration.slotCount = slotCount
        configuration.queueCapacity = options.queueCapacity
        configuration.streamCapacity = options.streamCapacity
        configuration.queueRetry = options.queueRetry
        configuration.gapTarget = options.gapTarget
        let (turn, otherTurn) = ComputeTurns().places
        let threads = ComputeThreads(for: model, options)
        let isolated = isolatedEngine(configuration, model, options, turns: otherTurn, threads: threads)
        configuration.turns = turn
        configuration.prefixStore = try await prefixStore(options, model: model)
        if let draft {
            configuration.draftVocabularySize = draft.vocabularySize
            configuration.makeDraftBackend = { other throws(GenerationError) in
                try draft.makeBackend(slots: slotCount, beside: other)
            }
        }
        let engine = try await InferenceEngine.start(configuration) { () throws(GenerationError) in
            try LlamaContext(model: model, options: options, slots: slotCount, threads: threads)
        }
        return LlamaProvider(
            llama: model, model: configuration.model, engine: engine, isolated: isolated, options: options)
    }

    /// The engine of reproducible requests: one slot, a memory of its own that each request finds empty, and batches
    /// that depend on nothing but the request. Its memory is a context's length more than the other engine's.
    private static func isolatedEngine(
        _ configuration: InferenceEngine.Configuration, _ model: LlamaModel, _ options: LlamaOptions,
        turns: ComputeTurns.Place, threads: ComputeThreads
    ) -> LazyEngine {
        var configuration = configuration
        configuration.slotCount = 1
        configuration.cutsEvenly = true
        (configuration.prefixStore, configuration.makeDraftBackend) = (nil, nil)
        configuration.turns = turns
        return LazyEngine { [configuration, options = options.isolated] () async throws(GenerationError) in
            try await InferenceEngine.start(configuration) { () throws(GenerationError) in
                try LlamaContext(model: model, options: options, slots: 1, remembers: false, threads: threads)
            }
        }
    }

    /// The folder of prefixes that the options name.
    private static func prefixStore(
        _ options: LlamaOptions, model: LlamaModel
    ) async throws(GenerationError) -> PrefixStore? {
        guard let directory = options.prefixDirectory else { return nil }
        guard model.isSavable else {
            throw .invalid(
                "cache_dir", "cannot be used with this model: its memory is recurrent or a sliding window")
        }
        let key = stateKey(options, model: model)
        return try await DedicatedThread.value(named: "freshet-prefixes") { () throws(GenerationError) in
            try PrefixStore(
                directory: directory, limit: options.prefixDirectoryLimit, modelKey: key,
                onFailure: { LlamaLog.write(LlamaLog.Line(level: .warning, text: $0)) })
        }
    }

    /// All that the numbers in memory depend on, beside the tokens.
    private static func stateKey(_ options: LlamaOptions, model: LlamaModel) -> String {
        let attention = options.flashAttention.map { $0 ? "on" : "off" } ?? "auto"
        let times = ([model.path] + options.load.adapters.map(\.path)).map(modificationTime)
        return [
            model.fingerprint, times.joined(separator: "+"), options.keyType.rawValue, options.valueType.rawValue,
            attention, "\(freshet_state_version())", String(cString: freshet_llama_version()),
            String(cString: freshet_ggml_version()),
        ].joined(separator: "/")
    }

    /// When a file was last written, because the fingerprint reads only samples of it.
    private static func modificationTime(of path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "" }
        return "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private init(
        llama: LlamaModel, model: String, engine: InferenceEngine, isolated: LazyEngine, options: LlamaOptions
    ) {
        self.llama = llama
        self.model = model
        self.options = options
        self.engine = engine
        self.isolated = isolated
        stateKey = Array(Self.stateKey(options, model: llama).utf8)
        do throws(GenerationError) {
            embedder = .success(try LlamaEmbedder(model: llama, options: options))
        } catch {
            embedder = .failure(error)
        }
    }

    /// The most tokens of prompt and answer together.
    public var contextLength: Int { engine.contextLength }

    /// Starts to answer a request.
    ///
    /// - Throws: ``GenerationError`` when the request has a value out of range, its prompt does not fit into the
    ///   context, the model's chat template refuses it, or too many requests wait.
    public func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
        try await stream(request, onToken: nil)
    }

    /// Starts to answer a request.
    ///
    /// - Parameters:
    ///   - recorded: what answers to a prompt of tokens are held to beside the request's own format.
    ///   - onToken: is told each token of a reproducible answer, on the engine's thread.
    func stream(
        _ request: GenerationRequest, form recorded: Manifest.Form? = nil, onToken: TokenWatch?
    ) async throws(GenerationError) -> ChunkStream {
        try request.validate()
        let vocabulary = llama.vocabulary
        if let stray = request.sampling.logitBias.keys.first(where: { !vocabulary.contains($0) }) {
            throw .invalid("logit_bias", "names token \(stray), but the vocabulary has \(vocabulary.count)")
        }
        if case .messages(let messages) = request.prompt, messages.count > contextLength {
            // Each turn is at least a token; a template would take minutes to find that out.
            throw GenerationError(
                .promptTooLong,
                "The conversation has \(messages.count) turns, but the context holds \(contextLength) tokens.",
                parameter: "messages")
        }
        // A template is a program and a text may be long: neither is work for the cooperative pool.
        let prepared = try await preparations.pass { () throws(GenerationError) in
            try await DedicatedThread.value(named: "freshet-prompt", stackSize: ChatTemplates.stackSize) {
                () throws(GenerationError) in
                // The model keeps them for the sampler: the engine's thread has better to do than to look for them.
                if DRY.isOn(request.sampling) { _ = vocabulary.sequenceBreakers(request.sampling.drySequenceBreakers) }
                return try self.prepare(request, form: recorded)
            }
        }
        guard request.isReproducible else {
            return try engine.submit(
                request, tokens: prepared.tokens, form: prepared.form, constraint: prepared.constraint)
        }
        let isolated = request.isolated
        let manifest = request.givesManifest ? manifest(of: isolated, prepared) : nil
        return try await self.isolated.engine().submit(
            isolated, tokens: prepared.tokens, form: prepared.form, constraint: prepared.constraint, manifest: manifest,
            onToken: onToken)
    }

    /// The manifest of a request's answers, of which nothing has come.
    private func manifest(of request: GenerationRequest, _ prepared: Prepared) -> Manifest {
        Manifest(
            of: request, prompt: prepared.tokens,
            form: prepared.form.flatMap { Manifest.Form($0, calls: prepared.calls, opening: prepared.opening) },
            by: environment)
    }

    /// Ends running streams as failed with ``GenerationError/Code/shuttingDown``, and frees the engine's memory.
    public func shutDown() async {
        await engine.shutDown()
        await isolated.shutDown()
        if case .success(let embedder) = embedder { await embedder.shutDown() }
    }

    /// Computes a vector for each of the request's texts, in memory that is taken with the first request.
    ///
    /// - Throws: as ``LlamaEmbedder/embed(_:)``.
    public func embed(_ request: EmbeddingRequest) async throws(GenerationError) -> Embeddings {
        try await embedder.get().embed(request)
    }

    /// The tokens that a prompt is to the model.
    ///
    /// It is computed on the caller's thread, of whose stack a chat template may take half: one that recurses deeply may be
    /// refused here, on a small stack, and not by ``stream(_:)``.
    ///
    /// - Throws: ``GenerationError`` when the chat template refuses the conversation, or a token is out of range.
    public func tokens(of prompt: Prompt) throws(GenerationError) -> [Token] {
        try tokens(of: GenerationRequest(prompt: prompt))
    }

    /// The tokens that a request's prompt is to the model, with its tools and the template's variables.
    ///
    /// - Throws: as ``tokens(of:)``.
    func tokens(of request: GenerationRequest) throws(GenerationError) -> [Token] {
        try tokens(of: request, limit: nil)
    }

    /// A request as the engine takes it.
    private struct Prepared: Sendable {
        var tokens: [Token]
        /// How the answers are written; `nil` where they are only text.
        var form: AnswerForm?
        /// The grammar of their calls to tools; `nil` where they make none, or are not held to a form for it.
        var calls: Grammar?
        /// The grammar of what stands before their text; `nil` where it begins at once.
        var opening: Grammar?
        /// What they have to obey.
        var constraint: Constraint?
    }

    /// A request's prompt, how its answers are written, and what they have to obey.
    private func prepare(
        _ request: GenerationRequest, form recorded: Manifest.Form?
    ) throws(GenerationError) -> Prepared {
        let vocabulary = llama.vocabulary
        var grammar = try request.responseFormat.grammar()
        guard case .messages(let messages) = request.prompt else {
            let tokens = try tokens(of: request, limit: contextLength)
            var form = recorded?.answerForm
            form?.opening = try recorded?.opening.map(vocabulary.constraint)
            return Prepared(
                tokens: tokens, form: form,
                constraint: try (recorded?.calls ?? grammar).map(vocabulary.constraint))
        }
        let rendering = try llama.templateCache.templates(of: llama).render(messages, for: request)
        let tokens = try tokens(of: rendering.prompt, limit: contextLength)
        var form = try AnswerForm(rendering, for: request, vocabulary: vocabulary)
        let calls = rendering.callGrammar
        if let calls {
            guard grammar == nil else {
                throw .invalid(
                    request.responseFormat.field, "cannot be given with tools, whose calls have a form of their own")
            }
            grammar = calls
        }
        let constraint = try grammar.map(vocabulary.constraint)
        // One that does not sleep is a grammar of the whole turn, which the prompt has begun.
        if let calls, calls.triggers.isEmpty {
            form?.isObeyedWhileThinking = true
            form?.begun = try constraint?.beginning(with: rendering.generationPrompt) ?? []
        }
        let opening = form == nil ? nil : rendering.openingGrammar
        if let opening { form?.begin(opening: try vocabulary.constraint(opening), with: rendering.generationPrompt) }
        return Prepared(
            tokens: tokens, form: form, calls: calls, opening: form?.opening == nil ? nil : opening,
            constraint: constraint)
    }

    /// The tokens that a request's prompt is to the model; a text that is far beyond `limit` tokens is refused unread.
    private func tokens(of request: GenerationRequest, limit: Int?) throws(GenerationError) -> [Token] {
        switch request.prompt {
        case .text(let text):
            return try tokens(of: text, limit: limit)
        case .messages(let messages):
            let rendering = try llama.templateCache.templates(of: llama).render(messages, for: request)
            return try tokens(of: rendering.prompt, limit: limit)
        case .tokens(let tokens):
            if let stray = tokens.first(where: { !llama.vocabulary.contains($0) }) {
                throw .invalid("prompt", "holds token \(stray), but the vocabulary has \(llama.vocabulary.count)")
            }
            return tokens
        }
    }

    private func tokens(of text: String, limit: Int?) throws(GenerationError) -> [Token] {
        guard let tokens = try llama.vocabulary.tokens(of: text, limit: limit) else {
            throw .promptTooLong("more than \(limit ?? 0)", contextLength: limit ?? 0)
        }
        return tokens
    }
}
