/// How a model is computed, as far as it changes speed and can be chosen by measuring; `nil` leaves a setting as it is.
/// ``TunableSetting/all`` has a row for each field.
package struct TunedSettings: Sendable, Hashable {
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

    /// Every setting, as the engine computes a model with those options.
    package init(of options: LlamaOptions, for model: LlamaModel) {
        for setting in TunableSetting.all { setting.set(setting.value(in: options), in: &self) }
        (threads, batchThreads) = (options.threads(for: model), options.batchThreads(for: model))
    }

    /// The settings that have a value, and it.
    package var values: [(setting: TunableSetting, value: TunedValue)] {
        TunableSetting.all.compactMap { setting in setting.value(in: self).map { (setting, $0) } }
    }

    /// The settings, with those of `change` in their place.
    func changed(by change: TunedSettings) -> TunedSettings {
        var settings = self
        for (setting, value) in change.values { setting.set(value, in: &settings) }
        return settings
    }

    /// The settings that differ from others, and nothing of the rest.
    package func differing(from other: TunedSettings) -> TunedSettings {
        var settings = TunedSettings()
        for (setting, value) in values where setting.value(in: other) != value { setting.set(value, in: &settings) }
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
    package func apply(to options: inout LlamaOptions) {
        for (setting, value) in values { setting.set(value, in: &options) }
    }

    /// Sets up a model accordingly, where a person has not chosen otherwise.
    ///
    /// - Parameter given: the names of the settings that the person has chosen, which stand. Values are not quantised
    ///   where flash attention, which that needs, was switched off.
    package func apply(to options: inout LlamaOptions, except given: Set<String>) {
        for (setting, value) in values where !given.contains(setting.name) {
            if let leader = setting.leader, given.contains(leader) { continue }
            setting.set(value, in: &options)
        }
        guard options.valueType != .f16, options.flashAttention == false else { return }
        if !given.contains("flash-attn") {
            options.flashAttention = nil
        } else if !given.contains("cache-type-v") {
            options.valueType = .f16
        }
    }

    /// The settings as options of the command line.
    package var arguments: [String] { values.map { $0.setting.argument($0.value) } }
}

extension TunedSettings: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads settings by their names; others are passed over.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for setting in TunableSetting.all {
            let key = Key(stringValue: setting.name)
            guard let value = try container.decodeIfPresent(TunedValue.self, forKey: key) else { continue }
            guard setting.set(value, in: &self) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(setting.name) cannot be \(value.text).")
            }
        }
    }

    /// Writes the settings that have a value, by their names.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (setting, value) in values { try container.encode(value, forKey: Key(stringValue: setting.name)) }
    }
}
