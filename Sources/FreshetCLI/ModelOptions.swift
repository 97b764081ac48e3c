import Freshet
import FreshetLlama

/// Which model a command loads, and how.
struct ModelOptions {
    /// The model's file; `nil` is the embedded model.
    var path: String?
    /// The name under which the model's chunks say they were made; `nil` is its own.
    var name: String?
    /// Tokens of context; 0 is what the model was trained with, -1 the same but no more than the engine's own limit.
    var contextLength = -1
    /// The most tokens of context where ``contextLength`` is -1; `nil` is the engine's own limit.
    var contextLimit: Int?
    /// Threads that compute a token; less than 1 lets the engine choose.
    var threads = -1
    /// Threads that compute a prompt; less than 1 is as many as `threads`.
    var batchThreads = -1
    /// The most tokens that are computed in one step.
    var batchSize = 512
    /// The most tokens of those that are computed at once.
    var microBatchSize = 512
    /// Whether the model's file is mapped into memory instead of read.
    var usesMemoryMap = true
    /// Whether the weights are asked to lie in large pages.
    var usesHugePages = false
    /// Whether quantised weights are interleaved for the processor's kernels.
    var usesRepacking = true
    /// Whether OpenBLAS computes large batches.
    var usesBLAS = false
    /// How attention's keys are kept in memory.
    var keyType = LlamaOptions.CacheType.f16
    /// How attention's values are kept in memory.
    var valueType = LlamaOptions.CacheType.f16
    /// Whether attention is computed without laying out all scores.
    var flashAttention = FlashAttention.auto
    /// A folder for computed prompts; `nil` keeps them in memory only.
    var cacheDirectory: String?
    /// The most bytes that the folder may hold; `nil` is the engine's own limit.
    var cacheLimit: ByteCount?
    /// Generations that run side by side; less than 1 lets the engine choose.
    var slotCount = 1
    /// Requests that may wait for one of those to end.
    var queueCapacity = 32
    /// After how many seconds a client that found the queue full is told to try again.
    var queueRetry = 1
    /// The longest gap, in milliseconds, that running answers are to see while a prompt is computed beside them.
    var gapTarget = 100
    /// Whether the settings are taken that `freshet tune` has found for the model.
    var usesProfile = true
    /// The settings that were chosen on the command line, which a profile does not change.
    private(set) var given: Set<TunedSettings.Name> = []
    /// Whether llama.cpp's log lines are shown.
    var isVerbose = false

    /// The words for ``flashAttention``, which are llama.cpp's.
    enum FlashAttention: String, CaseIterable {
        case on, off, auto
    }

    /// The options of a model on this machine, with llama.cpp's names.
    static var localGroup: OptionGroup<ModelOptions> {
        OptionGroup(
            title: "Model",
            options: [
                fileOption,
                .integer(
                    "-c", "--ctx-size", in: -1...(1 << 24), path: \.contextLength,
                    help: "tokens of context; 0 is what the model was trained with, -1 the same up to a limit"),
                .integer(
                    "-t", "--threads", in: -1...512, path: \.threads,
                    help: "threads that compute a token; -1 is one a processor"),
                .integer(
                    "-tb", "--threads-batch", in: -1...512, path: \.batchThreads,
                    help: "threads that compute a prompt; -1 is as many as --threads"),
                .integer(
                    "-b", "--batch-size", in: 1...65536, path: \.batchSize,
                    help: "the most tokens that are computed in one step"),
                .integer(
                    "-ub", "--ubatch-size", in: 1...65536, path: \.microBatchSize,
                    help: "the most of those that are computed at once; never more than --batch-size"),
                .choice(
                    "-ctk", "--cache-type-k", path: \.keyType, help: "how attention's keys are kept in memory"),
                .choice(
                    "-ctv", "--cache-type-v", path: \.valueType,
                    help: "the same for its values; q8_0 and q4_0 need flash attention"),
                .choice(
                    "-fa", "--flash-attn", path: \.flashAttention,
                    help: "flash attention; auto lets llama.cpp decide for the model"),
                .text(
                    "--cache-dir", placeholder: "DIR",
                    help: "a folder in which computed prompts outlive the program; without it, none do",
                    current: \.cacheDirectory,
                    set: { (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
                        guard !text.isEmpty else { throw UsageError(message: "\(name) needs a folder's name.") }
                        values.cacheDirectory = text
                    }),
                .text(
                    "--cache-limit", placeholder: "SIZE",
                    help: "the most that the folder may hold, in bytes or as in 500M",
                    current: { ($0.cacheLimit ?? defaultCacheLimit).description }, set: setCacheLimit),
                .flag(
                    "--no-mmap", path: \.usesMemoryMap, sets: false, help: "read the model's file instead of mapping it"
                ),
                .flag(
                    "--huge-pages", path: \.usesHugePages,
                    help: "read the model's file into large pages, where the system has them"),
                .flag(
                    "-nr", "--no-repack", path: \.usesRepacking, sets: false,
                    help:
                        "leave quantised weights as they are in the file, instead of interleaving them for this processor"
                ),
                .flag(
                    "--blas", path: \.usesBLAS,
                    help: "let OpenBLAS compute large batches; slower on every machine measured"),
                .flag(
                    "--no-profile", path: \.usesProfile, sets: false,
                    help: "leave out what “freshet tune” has measured to be faster for this model"),
                verboseOption,
            ].map(noting))
    }

    /// The same option; where it is for a setting that a profile may hold too, the values tell that it was given.
    private static func noting(_ option: Option<ModelOptions>) -> Option<ModelOptions> {
        let setting = TunedSettings.Name.allCases.first { name in
            option.names.contains("--\(name.rawValue)") || option.names.contains("--no-\(name.rawValue)")
        }
        guard let setting else { return option }
        var noting = option
        noting.apply = { (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
            try option.apply(&values, text, name)
            values.given.insert(setting)
        }
        return noting
    }

    private static let defaultCacheLimit = ByteCount(LlamaOptions(modelPath: "").prefixDirectoryLimit)

    private static func setCacheLimit(
        _ values: inout ModelOptions, _ text: String, _ name: String
    ) throws(UsageError) {
        guard let limit = ByteCount(text) else {
            throw UsageError(
                message: "\(name) needs a number of bytes, with or without K, M, G or T, but got \(text.quoted).")
        }
        guard limit.bytes > 0 else { throw UsageError(message: "\(name) must be more than 0, but is \(text).") }
        values.cacheLimit = limit
    }

    /// The defaults of a server: as many generations at a time as the engine finds memory for.
    static var serving: ModelOptions {
        var options = ModelOptions()
        options.slotCount = -1
        return options
    }

    /// Options for so many answers at a time. More than a few wait for one another: each takes the memory of a context.
    func answering(_ choiceCount: Int) -> ModelOptions {
        var options = self
        options.slotCount = min(choiceCount, 8)
        return options
    }

    /// How the engine is set up, for a model in a file.
    ///
    /// - Throws: ``UsageError`` for options that make no sense together.
    func llamaOptions(path: String) throws(UsageError) -> LlamaOptions {
        guard cacheDirectory != nil || cacheLimit == nil else {
            throw UsageError(message: "--cache-limit is for a folder: it needs --cache-dir.")
        }
        var llama = LlamaOptions(modelPath: path)
        llama.name = name
        llama.contextLength = contextLength < 0 ? nil : contextLength
        if let contextLimit { llama.contextLimit = contextLimit }
        llama.threads = threads < 1 ? nil : threads
        llama.batchThreads = batchThreads < 1 ? nil : batchThreads
        llama.batchSize = batchSize
        llama.microBatchSize = microBatchSize
        (llama.keyType, llama.valueType) = (keyType, valueType)
        llama.flashAttention = flashAttention == .auto ? nil : flashAttention == .on
        llama.prefixDirectory = cacheDirectory
        if let cacheLimit { llama.prefixDirectoryLimit = cacheLimit.bytes }
        llama.slotCount = slotCount < 1 ? nil : slotCount
        llama.queueCapacity = queueCapacity
        llama.queueRetry = .seconds(queueRetry)
        llama.gapTarget = .milliseconds(gapTarget)
        llama.load.usesMemoryMap = usesMemoryMap
        llama.load.usesHugePages = usesHugePages
        llama.load.usesRepacking = usesRepacking
        llama.usesBLAS = usesBLAS
        return llama
    }

    /// What only a server lets choose.
    static var servingOptions: [Option<ModelOptions>] {
        [
            parallelOption,
            .integer(
                "--queue", in: 1...(1 << 20), path: \.queueCapacity,
                help: "requests that may wait for a generation to end"),
            .integer(
                "--queue-retry", placeholder: "SECONDS", in: 0...86_400, path: \.queueRetry,
                help: "when a client that finds no room to wait is told to try again"),
            .integer(
                "--gap-target", placeholder: "MILLISECONDS", in: 1...3_600_000, path: \.gapTarget,
                help: "the longest gap that running answers are to see while a new prompt is computed beside them"),
        ]
    }

    /// `--parallel`, for which 0 is no number.
    private static var parallelOption: Option<ModelOptions> {
        var option = Option<ModelOptions>.integer(
            "-np", "--parallel", in: -1...LlamaOptions.slotLimit, path: \.slotCount,
            help: "generations that run side by side, each with its whole context; -1 is as many as a part of the free "
                + "memory holds, up to 8")
        option.apply = {
            [apply = option.apply] (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
            try apply(&values, text, name)
            guard values.slotCount != 0 else {
                throw UsageError(message: "\(name) must be -1, or from 1 to \(LlamaOptions.slotLimit), but is 0.")
            }
        }
        return option
    }

    /// `--model` alone, for commands that compute nothing.
    static var fileOption: Option<ModelOptions> {
        .text(
            "-m", "--model", placeholder: "FILE", help: "the model's GGUF file; without it, the embedded model",
            set: { (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
                guard !text.isEmpty else {
                    throw UsageError(message: "\(name) needs a file's name, but got an empty one.")
                }
                values.path = text
            })
    }

    /// `--verbose` alone.
    static var verboseOption: Option<ModelOptions> {
        .flag("-v", "--verbose", path: \.isVerbose, help: "show llama.cpp's log on standard error")
    }
}
