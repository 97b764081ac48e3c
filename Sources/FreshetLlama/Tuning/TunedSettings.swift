/// How a model is computed, as far as it changes speed and can be chosen by measuring; `nil` leaves a setting as it is.
package struct TunedSettings: Codable, Sendable, Hashable {
    /// Threads that compute one token.
    package var threads: Int?
    /// Threads that compute a prompt.
    package var batchThreads: Int?
    /// The most tokens of a step.
    package var batchSize: Int?
    /// Tokens that are computed at once.
    package var microBatchSize: Int?
    /// Whether OpenBLAS computes products of many tokens.
    package var usesBLAS: Bool?
    /// Whether quantised weights are interleaved.
    package var usesRepacking: Bool?
    /// Whether attention is computed without laying out all scores.
    package var flashAttention: Bool?
    /// How keys are kept in memory.
    package var keyType: LlamaOptions.CacheType?
    /// How values are kept in memory.
    package var valueType: LlamaOptions.CacheType?
    /// Whether the file is mapped into memory.
    package var usesMemoryMap: Bool?
    /// Whether weights are asked to lie in large pages.
    package var usesHugePages: Bool?

    /// No setting.
    package init() {}

    /// The settings' names: those of the command line's options, without the hyphens in front and the word *no*.
    package enum CodingKeys: String, CodingKey, CaseIterable, Sendable {
        case threads
        case batchThreads = "threads-batch"
        case batchSize = "batch-size"
        case microBatchSize = "ubatch-size"
        case usesBLAS = "blas"
        case usesRepacking = "repack"
        case flashAttention = "flash-attn"
        case keyType = "cache-type-k"
        case valueType = "cache-type-v"
        case usesMemoryMap = "mmap"
        case usesHugePages = "huge-pages"
    }

    /// The name of a setting.
    package typealias Name = CodingKeys
}

extension TunedSettings {
    /// The settings, with those of `change` in their place.
    func changed(by change: TunedSettings) -> TunedSettings {
        var settings = self
        settings.threads = change.threads ?? threads
        settings.batchThreads = change.batchThreads ?? batchThreads
        settings.batchSize = change.batchSize ?? batchSize
        settings.microBatchSize = change.microBatchSize ?? microBatchSize
        settings.usesBLAS = change.usesBLAS ?? usesBLAS
        settings.usesRepacking = change.usesRepacking ?? usesRepacking
        settings.flashAttention = change.flashAttention ?? flashAttention
        settings.keyType = change.keyType ?? keyType
        settings.valueType = change.valueType ?? valueType
        settings.usesMemoryMap = change.usesMemoryMap ?? usesMemoryMap
        settings.usesHugePages = change.usesHugePages ?? usesHugePages
        return settings
    }

    /// The settings that differ from others, and nothing of the rest.
    package func differing(from other: TunedSettings) -> TunedSettings {
        func changed<Value: Equatable>(_ value: Value?, _ old: Value?) -> Value? { value == old ? nil : value }
        var settings = TunedSettings()
        settings.threads = changed(threads, other.threads)
        settings.batchThreads = changed(batchThreads, other.batchThreads)
        settings.batchSize = changed(batchSize, other.batchSize)
        settings.microBatchSize = changed(microBatchSize, other.microBatchSize)
        settings.usesBLAS = changed(usesBLAS, other.usesBLAS)
        settings.usesRepacking = changed(usesRepacking, other.usesRepacking)
        settings.flashAttention = changed(flashAttention, other.flashAttention)
        settings.keyType = changed(keyType, other.keyType)
        settings.valueType = changed(valueType, other.valueType)
        settings.usesMemoryMap = changed(usesMemoryMap, other.usesMemoryMap)
        settings.usesHugePages = changed(usesHugePages, other.usesHugePages)
        return settings
    }

    /// Whether the settings make sense together, and none stands for nothing.
    var isSound: Bool {
        // What lies in large pages is a copy anyway.
        let isTwiceCopied = usesHugePages == true && usesMemoryMap == false
        let lacksFlashAttention = flashAttention == false && valueType != nil && valueType != .f16
        return !isTwiceCopied && !lacksFlashAttention
    }

    /// Sets up a model accordingly.
    ///
    /// - Parameter given: settings that a person has chosen, which stand. Whoever chooses the threads of a token has
    ///   chosen a prompt's as well, whose default they are; and values are not quantised where flash attention, which
    ///   that needs, was switched off.
    package func apply(to options: inout LlamaOptions, except given: Set<Name> = []) {
        func taken<Value>(_ value: Value?, _ name: Name) -> Value? { given.contains(name) ? nil : value }
        if let threads = taken(threads, .threads) { options.threads = threads }
        if !given.contains(.threads), let threads = taken(batchThreads, .batchThreads) {
            options.batchThreads = threads
        }
        if let size = taken(batchSize, .batchSize) { options.batchSize = size }
        if let size = taken(microBatchSize, .microBatchSize) { options.microBatchSize = size }
        if let choice = taken(usesBLAS, .usesBLAS) { options.usesBLAS = choice }
        if let choice = taken(usesRepacking, .usesRepacking) { options.load.usesRepacking = choice }
        if let choice = taken(flashAttention, .flashAttention) { options.flashAttention = choice }
        if let type = taken(keyType, .keyType) { options.keyType = type }
        if let type = taken(valueType, .valueType), type == .f16 || options.flashAttention != false {
            options.valueType = type
        }
        if let choice = taken(usesMemoryMap, .usesMemoryMap) { options.load.usesMemoryMap = choice }
        if let choice = taken(usesHugePages, .usesHugePages), !given.contains(.usesMemoryMap) {
            options.load.usesHugePages = choice
        }
        // Values that a person wants quantised need what these settings would have switched off.
        if options.valueType != .f16, options.flashAttention == false, !given.contains(.flashAttention) {
            options.flashAttention = nil
        }
    }

    /// The settings as options of the command line.
    package var arguments: [String] {
        var words: [String] = []
        func add(_ name: Name, _ value: String?) { if let value { words.append("--\(name.rawValue) \(value)") } }
        func addFlag(_ name: Name, _ value: Bool?, isDefault: Bool) {
            guard let value else { return }
            words.append((isDefault ? "--no-" : "--") + name.rawValue + (value == isDefault ? "=off" : ""))
        }
        add(.threads, threads.map(String.init))
        add(.batchThreads, batchThreads.map(String.init))
        add(.batchSize, batchSize.map(String.init))
        add(.microBatchSize, microBatchSize.map(String.init))
        addFlag(.usesBLAS, usesBLAS, isDefault: false)
        addFlag(.usesRepacking, usesRepacking, isDefault: true)
        add(.flashAttention, flashAttention.map { $0 ? "on" : "off" })
        add(.keyType, keyType?.rawValue)
        add(.valueType, valueType?.rawValue)
        addFlag(.usesMemoryMap, usesMemoryMap, isDefault: true)
        addFlag(.usesHugePages, usesHugePages, isDefault: false)
        return words
    }
}
