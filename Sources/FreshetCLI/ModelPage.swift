internal import FoundationEssentials
import Freshet
import FreshetLlama

/// What `inspect` tells about a model's file.
///
/// Every text in the file is somebody else's: on the page its control characters are made visible.
struct ModelPage {
    private let file: GGUFFile
    /// Why this engine cannot run the model; `nil` when nothing speaks against it.
    private let obstacle: String?

    /// A page about a file.
    init(_ file: GGUFFile) {
        self.file = file
        do throws(GenerationError) {
            try file.checkUsable()
            obstacle = nil
        } catch {
            obstacle = error.message
        }
    }

    private var parameterCount: Int { file.tensors.reduce(0) { Self.sum($0, $1.elementCount) } }
    private var tensorByteCount: Int { file.tensors.reduce(0) { Self.sum($0, $1.byteCount) } }
    private var contextLength: Int? { file.architecture.flatMap { file["\($0).context_length"]?.integer } }
    private var vocabularySize: Int? { file["tokenizer.ggml.tokens"]?.array?.count }
    private var template: String? { file["tokenizer.chat_template"]?.string }

    /// A sum that a hostile file cannot overflow.
    private static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The page as text.
    func lines(showingTensors: Bool, showingTemplate: Bool) -> [String] {
        var lines = summary.map { Self.line($0.0, $0.1) }
        lines += ["", "Tensors by type:"]
        for (type, count, byteCount) in file.tensorTypes {
            lines.append("  " + type.name.padded(to: 10) + String(count).padded(to: 7) + Self.size(byteCount))
        }
        if showingTensors {
            lines += ["", "Tensors:"]
            for tensor in file.tensors {
                let shape = tensor.dimensions.map(String.init).joined(separator: " × ")
                lines.append("  " + tensor.name.printableLine.padded(to: 32) + tensor.type.name.padded(to: 10) + shape)
            }
        }
        lines += ["", "Metadata:"]
        for entry in file.metadata {
            lines.append("  \(entry.key.printableLine) = \(Self.shown(entry.value))")
        }
        if let template {
            let whole = template.printable.split(separator: "\n", omittingEmptySubsequences: false)
            let shown = showingTemplate ? whole[...] : whole.prefix(8).map { $0.prefix(160) }[...]
            lines += ["", "Chat template:"] + shown.map { "  " + $0 }
            if shown.joined() != whole.joined() {
                lines.append("  … (\(template.count) characters; --template shows them all)")
            }
        }
        return lines
    }

    private var summary: [(String, String)] {
        var lines = [("File", file.path), ("Format", "GGUF version \(file.version), \(Self.size(file.byteCount))")]
        if let name = file["general.name"]?.string { lines.append(("Name", name)) }
        lines.append(("Architecture", file.architecture ?? "not named"))
        lines.append(("Parameters", Self.scaled(parameterCount, ["", "thousand", "million", "billion"])))
        lines.append(("Tensors", "\(file.tensors.count), \(Self.size(tensorByteCount))"))
        lines.append(("Context", contextLength.map { "\($0) tokens" } ?? "not named"))
        lines.append(("Tokenizer", tokenizer))
        lines.append(("Chat template", template == nil ? "none" : "yes"))
        lines.append(("Fingerprint", file.fingerprint))
        if let obstacle { lines.append(("Cannot run", obstacle)) }
        return lines
    }

    private var tokenizer: String {
        guard let kind = file["tokenizer.ggml.model"]?.string else { return "none" }
        let pre = file["tokenizer.ggml.pre"]?.string.map { " (\($0))" } ?? ""
        return kind + pre + (vocabularySize.map { ", \($0) tokens" } ?? "")
    }

    private static func line(_ term: String, _ text: String) -> String { term.padded(to: 15) + text.printableLine }

    /// A value on one line, cut where it is long; of an array the beginning.
    private static func shown(_ value: GGUFValue) -> String {
        guard let array = value.array else { return value.description.printableLine.cut(at: 100) }
        let first = (0..<min(6, array.count)).map { shown(array[$0]).cut(at: 20) }.joined(separator: ", ")
        return "\(array.count) × \(array.elementType): [\(first)\(array.count > 6 ? ", …" : "")]"
    }

    /// A number of bytes.
    static func size(_ count: Int) -> String { scaled(count, ["bytes", "kB", "MB", "GB", "TB"]) }

    /// A number with a unit that leaves it short, and in full when it is long.
    private static func scaled(_ count: Int, _ units: [String]) -> String {
        var (value, unit) = (Double(count), 0)
        while value >= 1000, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
        guard unit > 0 else { return "\(count) \(units[0])".trimmed }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit]) (\(count))"
    }
}

// The page for programs.
extension ModelPage {
    private struct JSON: Encodable {
        struct Entry: Encodable {
            var key: String
            var type: String
            var value: Value
        }
        struct TypeTotal: Encodable {
            var type: String
            var tensors: Int
            var bytes: Int
        }
        struct Tensor: Encodable {
            var name: String
            var type: String
            var shape: [Int]
            var bytes: Int
        }
        var path: String
        var bytes: Int
        var ggufVersion: Int
        var architecture: String?
        var parameters: Int
        var contextLength: Int?
        var vocabularySize: Int?
        var fingerprint: String
        var obstacle: String?
        var chatTemplate: String?
        var tensorTypes: [TypeTotal]
        var tensors: [Tensor]
        var metadata: [Entry]
    }

    /// A value of the metadata; whole numbers and truth values as such.
    private struct Value: Encodable {
        var value: GGUFValue

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .bool(let flag): try container.encode(flag)
            case .uint64(let number): try container.encode(number)
            case .array(let array): try container.encode((0..<array.count).map { Value(value: array[$0]) })
            default:
                if let number = value.integer {
                    try container.encode(number)
                } else if let number = value.double {
                    try container.encode(number)
                } else {
                    try container.encode(value.description)
                }
            }
        }
    }

    /// Everything but the weights, as JSON. Numbers that JSON has no form for are the texts `NaN`, `Infinity` and
    /// `-Infinity`.
    func json() throws(Exit) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let page = JSON(
            path: file.path, bytes: file.byteCount, ggufVersion: file.version, architecture: file.architecture,
            parameters: parameterCount, contextLength: contextLength, vocabularySize: vocabularySize,
            fingerprint: file.fingerprint, obstacle: obstacle, chatTemplate: template,
            tensorTypes: file.tensorTypes.map { .init(type: $0.type.name, tensors: $0.count, bytes: $0.byteCount) },
            tensors: file.tensors.map {
                .init(name: $0.name, type: $0.type.name, shape: $0.dimensions, bytes: $0.byteCount)
            },
            metadata: file.metadata.map {
                .init(key: $0.key, type: "\($0.value.type)", value: Value(value: $0.value))
            })
        do {
            return String(decoding: try encoder.encode(page), as: UTF8.self)
        } catch {
            throw .failed("The page cannot be written as JSON: \(error).")
        }
    }
}

extension String {
    /// The text, filled with spaces; a longer text is followed by one.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
