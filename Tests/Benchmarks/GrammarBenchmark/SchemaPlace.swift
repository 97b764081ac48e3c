import Freshet
import FreshetLlama

/// A place in an answer that a schema is for, with what the model wants to say there.
enum SchemaPlace: String, CaseIterable {
    case taken = "in a string, a letter is wanted"
    case refusedInString = "in a string, a line end is wanted"
    case refusedAtStart = "before {, a word is wanted"
    case refusedAtKey = "before a key, a word is wanted"

    static let schema =
        #"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}"#

    /// The answer so far.
    var text: String {
        switch self {
        case .taken, .refusedInString: #"{"name": "once upon"#
        case .refusedAtStart: ""
        case .refusedAtKey: "{"
        }
    }

    /// Logits as a language model gives them, of which one is far above the others.
    func logits(_ vocabulary: Vocabulary) -> [[Float]] {
        let wanted: [UInt8] =
            switch self {
            case .taken: Array("a".utf8)
            case .refusedInString: [0x0A]
            case .refusedAtStart, .refusedAtKey: Array(" tea".utf8)
            }
        let token = (0..<Token(vocabulary.count)).first { vocabulary.bytes(of: $0) == wanted } ?? 0
        return (0..<8).map { seed in
            var logits = SyntheticLogits.make(count: vocabulary.count, seed: UInt64(seed))
            logits[Int(token)] = 100
            return logits
        }
    }
}
