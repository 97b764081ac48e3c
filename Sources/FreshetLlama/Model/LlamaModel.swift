internal import CLlama
public import Freshet

/// A loaded model: weights, metadata and vocabulary. It never changes, and any thread may use it.
///
/// It owns llama.cpp's model and frees it when the last reference goes; every context keeps one.
public final class LlamaModel: @unchecked Sendable {
    // Sendable: llama.cpp's model and vocabulary are only read after loading, which it allows from any thread; the
    // cache has a monitor.

    /// How a model is loaded.
    public struct LoadOptions: Sendable, Hashable {
        /// Whether the file is mapped into memory instead of copied. Mapped weights are shared between processes and
        /// are read from disk when first touched.
        public var usesMemoryMap = true
        /// Whether only metadata and vocabulary are read: enough to tokenise, not to generate.
        public var isVocabularyOnly = false
        /// Whether a model is taken that reads a text as a whole, which can embed and not generate.
        public var allowsEncoders = false
        /// Whether the rows of quantised weights are interleaved as the processor's kernels like them best, in a copy
        /// that is made while loading. It makes tokens come faster; prompts it may slow down.
        public var usesRepacking = true
        /// Whether the system is asked to hold the weights in large pages, which it may not have; ``hugePageByteCount``
        /// tells what came of it. Only a copy can lie in them, so that the file is not mapped.
        public var usesHugePages = false
        /// The source of a chat template to use in the place of the model's own.
        public var chatTemplate: String?

        /// Adapters that change the model's weights for all that is computed with it.
        public var adapters: [LoRAAdapter] = []

        /// The defaults.
        public init() {}
    }

    /// The handle at the C boundary. Only this file, ``Vocabulary``, ``ChatTemplates``, ``LlamaContext``,
    /// ``EmbeddingContext`` and ``BareLoop`` use it.
    let handle: OpaquePointer
    /// The file's path, as it was given.
    public let path: String
    /// The file's metadata, in its order, without the arrays, which are the vocabulary.
    public let metadata: [GGUFFile.Entry]
    /// 16 hexadecimal digits that tell this model's file, with its adapters, from others; see
    /// ``GGUFFile/fingerprint(with:)``.
    public let fingerprint: String
    /// The number of parameters.
    public let parameterCount: Int
    /// The bytes of all tensors.
    public let byteCount: Int
    /// The bytes that lay in large pages when loading ended; 0 where they were not asked for, or the system gave none.
    public let hugePageByteCount: Int
    /// The longest context that the model was trained with, in tokens.
    public let trainedContextLength: Int
    /// The source of the model's chat template, or of the one that stands in its place.
    public let chatTemplate: String?
    /// The one that stands in its place.
    let templateOverride: String?
    /// The templates, parsed.
    let templateCache = ChatTemplateCache()
    /// Every token that ends generation.
    let endOfGeneration: [Token]
    /// The tokens that the file says are never to be sampled.
    let suppressed: [Token]
    /// What was found in the vocabulary for DRY.
    let breakerCache = SequenceBreakerCache()
    /// The vocabulary as grammars look at it.
    let tokenTables = TokenTableCache()
    let vocabularySize: Int
    /// Whether a sequence's memory can be cut at any token.
    let isTrimmable: Bool
    /// Whether the state of a piece of a sequence can be taken out and put back.
    let isSavable: Bool
    /// Whether the model gives vectors for texts.
    let canEmbed: Bool
    /// Whether every token sees the whole text, so that none can be added behind it.
    package let isEncoder: Bool
    /// The numbers of a vector.
    let embeddingWidth: Int
    /// How many numbers the keys, and the values, of a token are.
    private let elementCounts: (keys: Int, values: Int)

    /// Loads a GGUF file, after its header has been checked; blocks while it does.
    ///
    /// - Parameter progress: called with 0…1, on this thread; answering `false` stops loading.
    /// - Throws: ``GenerationError`` that says why: no such file, not a GGUF, truncated, damaged, of an unsupported
    ///   architecture, out of memory, or cancelled.
    public init(
        path: String, options: LoadOptions = LoadOptions(),
        progress: @escaping @Sendable (Double) -> Bool = { _ in true }
    ) throws(GenerationError) {
        let file = try GGUFFile(path: path)
        try file.checkUsable(vocabularyOnly: options.isVocabularyOnly, allowsEncoders: options.allowsEncoders)
        let adapters = try file.checked(options.isVocabularyOnly ? [] : options.adapters)
        freshet_start()
        let box = ProgressBox(progress)
        let parameters = freshet_model_params(
            use_mmap: options.usesMemoryMap && !options.usesHugePages, use_repack: options.usesRepacking,
            use_huge_pages: options.usesHugePages, vocab_only: options.isVocabularyOnly,
            progress: { fraction, data in
                guard let data else { return true }
                return Unmanaged<ProgressBox>.fromOpaque(data).takeUnretainedValue().report(Double(fraction))
            }, progress_data: Unmanaged.passUnretained(box).toOpaque())
        let handle = try GenerationError.check("The model \(path) cannot be loaded") { failure in
            withExtendedLifetime(box) { freshet_model_load(path, parameters, failure) }
        }
        let info = freshet_model_get_info(handle)
        self.handle = handle
        self.path = path
        fingerprint = file.fingerprint(with: adapters)
        parameterCount = Int(clamping: info.parameter_count)
        byteCount = Int(clamping: info.byte_count)
        hugePageByteCount = Int(clamping: info.huge_page_bytes)
        trainedContextLength = Int(info.trained_context_length)
        vocabularySize = Int(info.vocabulary_count)
        isTrimmable = info.can_truncate
        isSavable = info.can_save
        isEncoder = file.isEncoder
        canEmbed = info.can_embed && info.vocabulary_count > 0
        embeddingWidth = Int(info.embedding_width)
        elementCounts = (Int(clamping: info.key_count), Int(clamping: info.value_count))
        templateOverride = options.chatTemplate
        chatTemplate = options.chatTemplate ?? file["tokenizer.chat_template"]?.string
        metadata = file.metadata.filter { $0.value.array == nil }
        endOfGeneration = (0..<info.vocabulary_count).filter { freshet_vocab_is_eog(handle, $0) }
        // llama.cpp too passes over numbers that are no tokens, and refuses a list of another type.
        let suppressed = file["tokenizer.ggml.suppress_tokens"]?.array?.integers ?? []
        self.suppressed = suppressed.filter { 0..<Int(info.vocabulary_count) ~= $0 }.map { Token($0) }
        if options.usesHugePages {
            let (held, whole) = (hugePageByteCount >> 20, byteCount >> 20)
            LlamaLog.write(
                .init(level: .info, text: "weights: \(held) MiB in large pages, of \(whole) MiB of tensors"))
        }
        // All is stored: what follows may throw, and deinit will free the handle.
        if !options.isVocabularyOnly {
            guard info.can_generate && !isEncoder || options.allowsEncoders && canEmbed, vocabularySize > 0 else {
                throw GenerationError(
                    .modelUnusable,
                    "The model \(path) cannot continue a text: it is of another kind, or has no tokenizer.")
            }
        }
        for (adapter, _) in adapters {
            try GenerationError.check("The adapter \(adapter.path) cannot be used") { failure in
                freshet_model_add_adapter(handle, adapter.path, adapter.scale, failure) ? () : nil
            }
        }
    }

    deinit { freshet_model_free(handle) }

    /// Loads the model that the options name, on a thread of its own.
    ///
    /// - Throws: as ``init(path:options:progress:)``; also when the task is cancelled.
    static func load(
        _ options: LlamaOptions, progress: @escaping @Sendable (Double) -> Bool
    ) async throws(GenerationError) -> LlamaModel {
        try await DedicatedThread.cancellableValue(named: "freshet-load") { cancellation throws(GenerationError) in
            try LlamaModel(path: options.modelPath, options: options.load) { fraction in
                !cancellation.isRequested && progress(fraction)
            }
        }
    }

    /// About how many bytes a token takes in the memory of a context.
    func bytesPerToken(keys: LlamaOptions.CacheType, values: LlamaOptions.CacheType) -> Int {
        (elementCounts.keys * keys.bitsPerElement + elementCounts.values * values.bitsPerElement) / 8
    }

    /// The bytes of keys and values that a token reads when it looks back at `count` others: an estimate where layers
    /// differ, or look at a window only.
    package func cacheByteCount(
        of count: Int, keys: LlamaOptions.CacheType, values: LlamaOptions.CacheType
    ) -> Double {
        let bits = Double(elementCounts.keys) * keys.exactBits + Double(elementCounts.values) * values.exactBits
        return Double(count) * bits / 8
    }

    /// The model's vocabulary.
    public var vocabulary: Vocabulary { Vocabulary(model: self) }

    /// The name that chunks carry: the metadata's name, or else the file's.
    public var name: String {
        if let name = metadata.first(where: { $0.key == "general.name" })?.value.string, !name.isEmpty { return name }
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
    }

    /// A closure that C can carry.
    private final class ProgressBox {
        let report: @Sendable (Double) -> Bool
        init(_ report: @escaping @Sendable (Double) -> Bool) { self.report = report }
    }
}
