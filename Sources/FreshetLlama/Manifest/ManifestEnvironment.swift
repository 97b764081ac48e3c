internal import CLlama
internal import Freshet
internal import Glibc

/// What a reproducible answer's numbers depend on beside the request.
public struct ManifestEnvironment: Sendable, Hashable {
    /// The model's name, for a person.
    public var model: String
    /// What tells the model's file, with its adapters, from others; see ``LlamaModel/fingerprint``.
    public var fingerprint: String
    /// The adapters' files and scales, for a person.
    public var adapters: [String] = []
    /// The versions of Freshet, llama.cpp and ggml.
    public var freshet, llama, ggml: String
    /// What ggml's code for the processor was built for and found there.
    public var processor: String
    /// Threads that computed tokens, and prompts.
    public var threads, batchThreads: Int
    /// Tokens of prompt and answer together that there was room for.
    public var contextLength: Int
    /// How attention's keys and values were kept.
    public var keyType, valueType: LlamaOptions.CacheType
    /// Whether flash attention was asked for; `nil` where it was left to llama.cpp.
    public var flashAttention: Bool?
    /// Whether quantised weights were interleaved, and large products left to OpenBLAS.
    public var usesRepacking, usesBLAS: Bool
    /// Whether Freshet's own kernels computed.
    public var usesKernels: Bool
}

extension LlamaProvider {
    /// What reproducible answers of this provider depend on beside the request.
    public var environment: ManifestEnvironment {
        ManifestEnvironment(
            model: llama.name, fingerprint: llama.fingerprint, adapters: options.load.adapters.map(\.label),
            freshet: FreshetVersion.current, llama: String(cString: freshet_llama_version()),
            ggml: String(cString: freshet_ggml_version()),
            processor: ProcessorFeatures.description, threads: options.threads(for: llama),
            batchThreads: options.batchThreads(for: llama), contextLength: contextLength, keyType: options.keyType,
            valueType: options.valueType, flashAttention: options.flashAttention,
            usesRepacking: options.load.usesRepacking, usesBLAS: options.usesBLAS,
            usesKernels: getenv("FRESHET_KERNELS").map { String(cString: $0) } != "0")
    }
}

extension LlamaOptions {
    /// The options for computing as a manifest says that it was done.
    public init(modelPath: String, as environment: ManifestEnvironment) {
        self.init(modelPath: modelPath)
        (threads, batchThreads, contextLength) = (
            environment.threads, environment.batchThreads, environment.contextLength
        )
        (keyType, valueType) = (environment.keyType, environment.valueType)
        (flashAttention, usesBLAS) = (environment.flashAttention, environment.usesBLAS)
        load.usesRepacking = environment.usesRepacking
        slotCount = 1
    }
}

extension ManifestEnvironment {
    /// What another environment has that numbers may depend on and that differs, in words: “2 threads there, 1 here”.
    public func differences(from here: ManifestEnvironment) -> [String] {
        let facts: [(name: String, there: String, here: String)] = [
            ("Freshet", freshet, here.freshet), ("llama.cpp", llama, here.llama), ("ggml", ggml, here.ggml),
            ("processor", processor, here.processor), ("threads", "\(threads)", "\(here.threads)"),
            ("threads for prompts", "\(batchThreads)", "\(here.batchThreads)"),
            ("context", "\(contextLength)", "\(here.contextLength)"),
            ("Freshet's kernels", usesKernels ? "on" : "off", here.usesKernels ? "on" : "off"),
        ]
        return facts.filter { $0.there != $0.here }.map { "\($0.name): \($0.there) there, \($0.here) here" }
    }
}
