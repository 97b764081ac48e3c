import FreshetLlama

/// The command line's options for what `freshet tune` can choose: each is made from its ``TunableSetting``.
extension Option<ModelOptions> {
    /// The option of a setting. The values tell that it was given, also where that changes nothing.
    static func tunable(_ setting: TunableSetting) -> Option {
        var option: Option
        var name = "--\(setting.name)"
        switch (setting.kind, setting.isAutomatic) {
        case (.number(let range), let isAutomatic):
            option = .integer(
                in: isAutomatic ? -1...range.upperBound : range, path: \.[number: setting.name], help: setting.help)
        case (.cacheType, _): option = .choice(path: \.[cacheType: setting.name], help: setting.help)
        case (.flag, true): option = .choice(path: \.[decision: setting.name], help: setting.help)
        case (.flag, false):
            let isOn = setting.usual == .isOn(true)
            if isOn { name = "--no-\(setting.name)" }
            option = .flag(path: \.[flag: setting.name], sets: !isOn, help: setting.help)
        }
        option.names = [setting.shortName, name].compactMap(\.self)
        return option
    }
}

extension ModelOptions {
    /// The words for what llama.cpp may decide itself.
    enum Decision: String, CaseIterable {
        case on, off, auto
    }

    /// A number; less than 1 lets the engine choose.
    fileprivate subscript(number name: String) -> Int {
        get { if case .number(let number) = value(name) { number } else { -1 } }
        set { choose(name, newValue < 1 ? nil : .number(newValue)) }
    }

    fileprivate subscript(flag name: String) -> Bool {
        get { value(name) == .isOn(true) }
        set { choose(name, .isOn(newValue)) }
    }

    fileprivate subscript(decision name: String) -> Decision {
        get { if case .isOn(let isOn) = value(name) { isOn ? .on : .off } else { .auto } }
        set { choose(name, newValue == .auto ? nil : .isOn(newValue == .on)) }
    }

    fileprivate subscript(cacheType name: String) -> LlamaOptions.CacheType {
        get { if case .cacheType(let type) = value(name) { type } else { .f16 } }
        set { choose(name, .cacheType(newValue)) }
    }

    /// What a person chose, or else what the engine does by itself.
    private func value(_ name: String) -> TunedValue? {
        let setting = TunableSetting.all.first { $0.name == name }
        return given.contains(name) ? setting?.value(in: settings) : setting?.usual
    }
}
