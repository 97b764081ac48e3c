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
    /// How it is computed, where that was said.
    private(set) var settings = TunedSettings()
    /// The names of the settings that were chosen on the command line, which a profile does not change. A choice may be
    /// to leave one to the engine.
    private(set) var given: Set<String> = []
    /// Adapters that change the model's weights.
    var adapters: [LoRAAdapter] = []
    /// How the vectors of a text's tokens become the text's.
    var pooling = PoolingChoice.model
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
    /// A file with a chat template to use instead of the model's own.
    var templateFile: String?
    /// Whether the settings are taken that `freshet tune` has found for the model.
    var usesProfile = true
    /// A smaller model's file that guesses for this one; `nil` has none.
    var draftPath: String?
    /// Whether llama.cpp's log lines are shown.
    var isVerbose = false

    /// The words for ``pooling``: those of `Pooling`, and one for what suits the model.
    enum PoolingChoice: String, CaseIterable {
        case model, mean, cls, last
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
            ] + TunableSetting.all.map(Option.tunable) + [
                adapterOption,
                .text(
                    "--chat-template-file", placeholder: "FILE",
                    help: "a chat template, in Jinja, to use instead of the model's own",
                    current: { $0.templateFile }, set: { values, text, _ in values.templateFile = text }),
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
                    "--no-profile", path: \.usesProfile, sets: false,
                    help: "leave out what “freshet tune” has measured to be faster for this model"),
                .text(
                    "-md", "--model-draft", "--draft", placeholder: "FILE",
                    help:
                        "a smaller model with the same vocabulary that guesses what the model will say, so that several "
                        + "tokens are computed at a time where that pays; implies --speculate",
                    current: { $0.draftPath },
                    set: { (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
                        guard !text.isEmpty else { throw UsageError(message: "\(name) needs a file's name.") }
                        values.draftPath = text
                    }),
                verboseOption,
            ])
    }

    /// Takes what a person chose for the setting of that name; `nil` leaves it to the engine.
    mutating func choose(_ name: String, _ value: TunedValue?) {
        guard let setting = TunableSetting.all.first(where: { $0.name == name }) else { return }
        setting.set(value, in: &settings)
        given.insert(name)
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
        llama.draftModelPath = draftPath
        llama.contextLength = contextLength < 0 ? nil : contextLength
        if let contextLimit { llama.contextLimit = contextLimit }
        settings.apply(to: &llama)
        llama.prefixDirectory = cacheDirectory
        if let cacheLimit { llama.prefixDirectoryLimit = cacheLimit.bytes }
        llama.slotCount = slotCount < 1 ? nil : slotCount
        llama.queueCapacity = queueCapacity
        llama.queueRetry = .seconds(queueRetry)
        llama.gapTarget = .milliseconds(gapTarget)
        llama.load.adapters = adapters
        llama.pooling = Pooling(rawValue: pooling.rawValue)
        return llama
    }

    /// `--lora`, which may be given again.
    static var adapterOption: Option<ModelOptions> {
        .text(
            "--lora", placeholder: "FILE[:SCALE]",
            help:
                "an adapter that changes the model's weights, and how much of it is added, 1 when that is not said; may "
                + "be given again",
            current: { $0.adapters.map { "\($0.path):\($0.scale)" }.joined(separator: " ") },
            set: { (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
                // The scale is what stands behind the last colon, if that is a number: a file's name may have colons.
                let colon = text.lastIndex(of: ":")
                let scale = colon.flatMap { Float(text[text.index(after: $0)...]) }
                let path = if let colon, scale != nil { String(text[..<colon]) } else { text }
                guard !path.isEmpty, (scale ?? 1).isFinite else {
                    throw UsageError(message: "\(name) needs a file, and may have a number after a colon: FILE:0.5.")
                }
                values.adapters.append(LoRAAdapter(path: path, scale: scale ?? 1))
            })
    }

    /// `--pooling`, for commands that embed.
    static var poolingOption: Option<ModelOptions> {
        .choice(
            "--pooling", path: \.pooling,
            help: "how the vectors of a text's tokens become the text's: their mean, the first or the last token's, or "
                + "what the model's file says or suits it")
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
            poolingOption,
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
