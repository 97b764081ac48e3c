import Freshet

/// The older form of log-probabilities, in which a plain completion has them: a list of tokens, and beside it one of
/// their log-probabilities, one of the likeliest tokens at each place, and one of the places in the text.
///
/// It has no room for bytes that are no text, which stand there in words, as `bytes:\xe2\x82`, and for two tokens of the
/// same text. So we write our entries' list of the newer form too, and read the older one where it stands alone.
struct OpenAILogProbabilityColumns: Sendable {
    private var assembler = UTF8Assembler()
    /// Scalars of the answer before the next token.
    private var offset = 0

    /// Adds the members to an object.
    ///
    /// - Parameter entries: those that follow the ones added before.
    mutating func append(_ entries: [TokenLogProbability], to output: inout [UInt8]) {
        output.append(member: "tokens") { $0.appendList(entries) { $0.append(json: $1.token.text) } }
        output.append(member: "token_logprobs") { $0.appendList(entries) { $0.append(json: $1.token.logProbability) } }
        output.append(member: "top_logprobs") { output in
            guard entries.contains(where: { !$0.top.isEmpty }) else { return output.append(literal: "null") }
            output.appendList(entries) { $0.append(names: $1.top) }
        }
        var offsets: [Int] = []
        for entry in entries {
            offsets.append(offset)
            offset += assembler.append(entry.token.bytes).unicodeScalars.count
        }
        output.append(member: "text_offset") { $0.appendList(offsets) { $0.append(json: $1) } }
    }

    /// Takes the members out of an object.
    ///
    /// - Returns: `nil` where they are not there or do not fit each other.
    static func take(from members: inout JSONMembers) -> [TokenLogProbability]? {
        guard case .array(let texts) = members.rest["tokens"], case .array(let values) = members.rest["token_logprobs"],
            texts.count == values.count
        else { return nil }
        var tops: [JSONValue] = []
        if case .array(let items) = members.rest["top_logprobs"] { tops = items }
        let entries = zip(texts, values).enumerated().compactMap { place, pair -> TokenLogProbability? in
            guard let token = TokenLogProbability.Candidate(text: pair.0.string, logarithm: pair.1) else { return nil }
            guard tops.indices ~= place, case .object(let names) = tops[place] else {
                return TokenLogProbability(token: token)
            }
            let top = names.sorted { $0.key < $1.key }.compactMap {
                TokenLogProbability.Candidate(text: $0.key, logarithm: $0.value)
            }
            return TokenLogProbability(token: token, top: top.sorted { $0.logProbability > $1.logProbability })
        }
        guard entries.count == texts.count else { return nil }
        drop(from: &members)
        return entries
    }

    /// Forgets the members, whose content is known otherwise.
    static func drop(from members: inout JSONMembers) {
        for name in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] { members.drop(name) }
    }
}

extension TokenLogProbability.Candidate {
    private static let bytesMark = "bytes:"

    /// The token as text, or what OpenAI writes for bytes that are none.
    fileprivate var text: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return Self.bytesMark
            + bytes.map { byte in
                0x20...0x7E ~= byte
                    ? String(Unicode.Scalar(byte)) : #"\x"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
    }

    /// Reads a token's text, or the words for its bytes; `nil` where either is missing.
    fileprivate init?(text: String?, logarithm: JSONValue) {
        guard let text, let logarithm = logarithm.double else { return nil }
        self.init(bytes: Self.bytes(of: text) ?? Array(text.utf8), logarithm: logarithm)
    }

    /// The bytes that ``text`` says in words; `nil` where it is the text itself.
    private static func bytes(of text: String) -> [UInt8]? {
        guard text.hasPrefix(bytesMark), text.contains(#"\x"#) else { return nil }
        var (rest, bytes) = (text.utf8.dropFirst(bytesMark.utf8.count), [UInt8]())
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(Substring(rest.dropFirst().prefix(2)), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(3)
        }
        return bytes
    }
}

extension [UInt8] {
    /// Adds an object of tokens' texts and log-probabilities. Of tokens with one text the likeliest stands.
    fileprivate mutating func append(names candidates: [TokenLogProbability.Candidate]) {
        var seen: Set<String> = []
        append(literal: "{")
        for candidate in candidates where seen.insert(candidate.text).inserted {
            append(member: candidate.text) { $0.append(json: candidate.logProbability) }
        }
        append(literal: "}")
    }
}
