import Freshet
import FreshetBench
import FreshetHTTP
import FreshetLlama
import Glibc

// What a benchmark needs of a model beside its answers.
extension Composition {
    /// What a report says of a model in a file.
    static func side(of provider: LlamaProvider, file: String, options: LlamaOptions) -> Side {
        let llama = provider.llama
        let model = Side.Model(
            name: provider.model, file: file, parameterCount: llama.parameterCount, byteCount: llama.byteCount)
        let settings = TunedSettings(of: options, for: llama)
        let usual = TunedSettings(of: LlamaOptions(modelPath: options.modelPath), for: llama)
        var words = ["threads": "\(options.threads(for: llama))", "ctx-size": "\(provider.contextLength)"]
        for (setting, value) in settings.differing(from: usual).values { words[setting.name] = value.text }
        return Side(name: "freshet", model: model, settings: words)
    }

    /// What a report says of a model at a server. Of the address it shows no path and no password.
    static func side(of provider: RemoteProvider, at origin: HTTPOrigin) -> Side {
        Side(name: "\(origin)", address: "\(origin.scheme)://\(origin)", model: Side.Model(name: provider.model))
    }

    /// What can be measured of a model in this process only.
    static func instruments(of provider: LlamaProvider, options: LlamaOptions) -> Instruments {
        Instruments(
            bareLoop: { prompt, count throws(GenerationError) in
                let loop = BareLoop(model: provider.llama, options: options)
                let time = try await loop.run(prompt, count: count)
                return Instruments.BareLoopTime(total: time.total, sampling: time.sampling)
            },
            measureRoofline: { depth throws(GenerationError) in
                try await roofline(of: provider.llama, options: options, depth: depth)
            },
            makeSampling: { sampling(provider.llama.vocabulary) }, makeEncoding: encoding)
    }

    /// What opens a model again, as a program that is started anew does.
    static func reopening(_ options: LlamaOptions) -> Contender.Reopening {
        { folder throws(GenerationError) in
            var options = options
            (options.prefixDirectory, options.slotCount) = (folder, 1)
            let provider = try await LlamaProvider.load(options)
            return Contender.Opened(provider: provider, shutDown: provider.shutDown)
        }
    }

    /// Samples with the defaults, over several sets of logits, so that no branch is learnt by heart.
    private static func sampling(_ vocabulary: Vocabulary) -> (Int) -> Void {
        var options = SamplingOptions()
        options.seed = 1
        let sampler = Sampler(options: options, vocabulary: vocabulary, contextLength: 4096)
        let sets = (0..<8).map { SyntheticLogits.make(count: vocabulary.count, seed: $0) }
        return { count in
            for number in 0..<count {
                let token = sets[number % sets.count].withUnsafeBufferPointer(sampler.sample)
                if let token { sampler.accept(token) }
            }
        }
    }

    /// Writes pieces of text as the server does: their JSON into a buffer that is used again, and that into an event.
    @Sendable private static func encoding() -> (Int) -> Void {
        let chunks = ["Once", " upon", " a", " time", ", there", " was", " a", " dragon", ".\n"].map { word in
            Chunk(
                id: "chatcmpl-0123456789abcdef0123456789", created: 1_750_000_000, model: "freshet-small-world",
                content: .text(word))
        }
        var encoder = OpenAIChunkEncoder(for: .chatCompletions)
        var (json, events): ([UInt8], [UInt8]) = ([], [])
        return { count in
            events.removeAll(keepingCapacity: true)
            for number in 0..<count {
                json.removeAll(keepingCapacity: true)
                encoder.append(chunks[number % chunks.count], to: &json)
                SSEEncoder.append(json, to: &events)
            }
        }
    }

    /// Lets `body` use the sides of a benchmark: the model, and the server that it is measured against, which is then
    /// let go.
    ///
    /// - Throws: `GenerationError` when the server's address or key cannot be used, and what `body` throws.
    static func withContenders(
        _ model: Model, rival: RivalOptions.Rival?, _ body: ([Contender]) async throws -> Void
    ) async throws {
        let first = Contender(
            model.side, provider: model.provider, instruments: model.instruments,
            processIdentifier: model.instruments == nil ? nil : getpid(), reopen: model.reopen)
        guard let rival else { return try await body([first]) }
        let options = RemoteOptions(
            baseURL: rival.baseURL, model: rival.name ?? model.provider.model, apiKey: rival.key)
        let origin = try HTTPOrigin(url: rival.baseURL)
        let provider = try RemoteProvider(options)
        try await ending(with: provider.shutDown) {
            try await body([first, Contender(side(of: provider, at: origin), provider: provider)])
        }
    }
}
