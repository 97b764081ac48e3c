/// The value of a ``TunableSetting``.
package enum TunedValue: Sendable, Hashable {
    /// A number of threads or tokens.
    case number(Int)
    /// Whether something is done.
    case isOn(Bool)
    /// How keys or values are kept.
    case cacheType(LlamaOptions.CacheType)

    /// The value as a person writes it.
    package var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .isOn(let isOn): isOn ? "on" : "off"
        case .cacheType(let type): type.rawValue
        }
    }
}

extension TunedValue: Codable {
    /// Reads a value, whose kind shows which it is.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let isOn = try? container.decode(Bool.self) {
            self = .isOn(isOn)
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .cacheType(try container.decode(LlamaOptions.CacheType.self))
        }
    }

    /// Writes the value alone.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .isOn(let isOn): try container.encode(isOn)
        case .cacheType(let type): try container.encode(type)
        }
    }
}

/// A type that a setting's value may have.
protocol TunableValue: Sendable {
    /// The value, if it is of this type.
    init?(_ value: TunedValue)
    /// The value as that of a setting.
    var tuned: TunedValue { get }
}

extension Int: TunableValue {
    init?(_ value: TunedValue) {
        guard case .number(let number) = value else { return nil }
        self = number
    }
    var tuned: TunedValue { .number(self) }
}

extension Bool: TunableValue {
    init?(_ value: TunedValue) {
        guard case .isOn(let isOn) = value else { return nil }
        self = isOn
    }
    var tuned: TunedValue { .isOn(self) }
}

extension LlamaOptions.CacheType: TunableValue {
    init?(_ value: TunedValue) {
        guard case .cacheType(let type) = value else { return nil }
        self = type
    }
    var tuned: TunedValue { .cacheType(self) }
}
