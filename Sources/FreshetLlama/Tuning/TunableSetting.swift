/// One setting of the engine that changes how fast a model is computed, and can be chosen by measuring.
///
/// Each stands once, as a row of ``all``, beside its field of ``TunedSettings``: profiles, the command line's options, the
/// ranges that are checked and what reports say are made from the row.
package struct TunableSetting: Sendable {
    /// The name of the command line's option, without the hyphens in front and the word *no*; also that in a profile.
    package let name: String
    /// The option's short name, with its hyphen; `nil` without one.
    package let shortName: String?
    /// What values it takes.
    package let kind: Kind
    /// The name of a setting with which a person who chooses it has chosen this one too; `nil` when there is none.
    package let leader: String?
    /// What the option does, for the help: of a flag that is on by itself, what switching it off does.
    package let help: String

    private let field: SettingPath<TunedSettings>
    private let option: SettingPath<LlamaOptions>

    /// What values a setting takes.
    package enum Kind: Sendable, Hashable {
        /// Whole numbers within a range.
        case number(ClosedRange<Int>)
        /// On or off.
        case flag
        /// A type in which keys or values are kept.
        case cacheType
    }

    /// Every setting, in the order of the help.
    package static let all: [TunableSetting] = [
        TunableSetting(
            "threads", "-t", .number(1...512), .init(\.threads), .init(\.threads),
            help: "threads that compute a token; -1 is one a processor"),
        TunableSetting(
            "threads-batch", "-tb", .number(1...512), .init(\.batchThreads), .init(\.batchThreads),
            leader: "threads", help: "threads that compute a prompt; -1 is as many as --threads"),
        TunableSetting(
            "batch-size", "-b", .number(1...65536), .init(\.batchSize), .init(\.batchSize),
            help: "the most tokens that are computed in one step"),
        TunableSetting(
            "ubatch-size", "-ub", .number(1...65536), .init(\.microBatchSize), .init(\.microBatchSize),
            help: "the most of those that are computed at once; never more than --batch-size"),
        TunableSetting(
            "cache-type-k", "-ctk", .cacheType, .init(\.keyType), .init(\.keyType),
            help: "how attention's keys are kept in memory"),
        TunableSetting(
            "cache-type-v", "-ctv", .cacheType, .init(\.valueType), .init(\.valueType),
            help: "the same for its values; q8_0 and q4_0 need flash attention"),
        TunableSetting(
            "flash-attn", "-fa", .flag, .init(\.flashAttention), .init(\.flashAttention),
            help: "flash attention; auto lets llama.cpp decide for the model"),
        TunableSetting(
            "mmap", nil, .flag, .init(\.usesMemoryMap), .init(\.load.usesMemoryMap),
            help: "read the model's file instead of mapping it"),
        TunableSetting(
            "huge-pages", nil, .flag, .init(\.usesHugePages), .init(\.load.usesHugePages), leader: "mmap",
            help: "read the model's file into large pages, where the system has them"),
        TunableSetting(
            "repack", "-nr", .flag, .init(\.usesRepacking), .init(\.load.usesRepacking),
            help: "leave quantised weights as they are in the file, instead of interleaving them for this processor"),
        TunableSetting(
            "blas", nil, .flag, .init(\.usesBLAS), .init(\.usesBLAS),
            help: "let OpenBLAS compute large batches; slower on every machine measured"),
    ]

    private init(
        _ name: String, _ shortName: String?, _ kind: Kind, _ field: SettingPath<TunedSettings>,
        _ option: SettingPath<LlamaOptions>, leader: String? = nil, help: String
    ) {
        (self.name, self.shortName, self.kind, self.leader, self.help) = (name, shortName, kind, leader, help)
        (self.field, self.option) = (field, option)
    }

    /// Whether the engine chooses where nothing is said.
    package var isAutomatic: Bool { option.isOptional }

    /// What the engine does where nothing is said; `nil` where that is its own choice.
    package var usual: TunedValue? { value(in: LlamaOptions(modelPath: "")) }

    /// The value among settings; `nil` where it is left as it is.
    package func value(in settings: TunedSettings) -> TunedValue? { field.get(settings) }

    /// The engine's value; `nil` where it is to choose.
    package func value(in options: LlamaOptions) -> TunedValue? { option.get(options) }

    /// Sets the value among settings.
    ///
    /// - Returns: `false` for a value of another kind, which changes nothing.
    @discardableResult
    package func set(_ value: TunedValue?, in settings: inout TunedSettings) -> Bool { field.set(&settings, value) }

    /// Sets the engine's value.
    func set(_ value: TunedValue, in options: inout LlamaOptions) { _ = option.set(&options, value) }

    /// A value as an option of the command line: `--threads 2`, `--no-mmap`, `--blas=off`.
    package func argument(_ value: TunedValue) -> String {
        guard kind == .flag, let usual else { return "--\(name) \(value.text)" }
        return (usual == .isOn(true) ? "--no-" : "--") + name + (value == usual ? "=off" : "")
    }
}

/// The way to a setting's value in something that has settings.
private struct SettingPath<Root>: Sendable {
    /// Whether nothing is a value too.
    let isOptional: Bool
    let get: @Sendable (Root) -> TunedValue?
    /// Sets a value, or where that may be nothing; answers `false` for one of another kind.
    let set: @Sendable (inout Root, TunedValue?) -> Bool

    init<Value: TunableValue>(_ path: any WritableKeyPath<Root, Value> & Sendable) {
        isOptional = false
        get = { $0[keyPath: path].tuned }
        set = { root, value in
            guard let value = value.flatMap(Value.init) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    init<Value: TunableValue>(_ path: any WritableKeyPath<Root, Value?> & Sendable) {
        isOptional = true
        get = { $0[keyPath: path]?.tuned }
        set = { root, value in
            let read = value.flatMap(Value.init)
            guard value == nil || read != nil else { return false }
            root[keyPath: path] = read
            return true
        }
    }
}
