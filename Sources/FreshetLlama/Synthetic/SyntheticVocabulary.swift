/// A byte-level vocabulary of any size that cuts every text, and gives a short word one token.
///
/// Its tokens are the 256 bytes, then every beginning of a word of one letter, of two, of three and so on, with the
/// space before it, as many as there are places for, and last the three marks of conversations. Each beginning is
/// merged from the one that is a letter shorter, so a word's token is its longest known beginning; what is left of it
/// has a token for each letter. The letters are in the order of their frequency in English, so that the beginnings that
/// find no place are rare ones. With 150,000 tokens a word of three letters is one, and most of four.
package struct SyntheticVocabulary: Sendable {
    /// The tokens' texts, bytes written as the characters that GPT-2 has for them.
    package let tokens: [String]
    /// The two parts of each merged token, with a space between.
    package let merges: [String]

    /// llama.cpp's kinds of tokens: 1 is text and 3 is a mark.
    package var kinds: [Int32] {
        tokens.indices.map { $0 < tokens.count - Self.marks.count ? 1 : 3 }
    }

    /// The marks: the beginning of a text, and of a turn, and the end of a turn, which ends an answer too.
    static let marks = ["<|begin_of_text|>", "<|im_start|>", "<|im_end|>"]
    /// The place of the token that begins a text, in a vocabulary of a size.
    static func beginning(of size: Int) -> Int { size - 3 }
    /// The place of the token that ends an answer, in a vocabulary of a size.
    static func end(of size: Int) -> Int { size - 1 }

    /// ChatML, which the marks are those of.
    static let chatTemplate = """
        {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}\
        {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
        """

    /// Makes a vocabulary of `size` tokens, at least 259.
    package init(size: Int) {
        precondition(size >= 256 + Self.marks.count, "the bytes and the marks have no place in fewer tokens")
        let texts = size - Self.marks.count
        var tokens = Self.bytes
        var merges: [String] = []
        tokens.reserveCapacity(size)
        merges.reserveCapacity(texts - tokens.count)
        var shorter = [Self.space]
        while tokens.count < texts {
            var longer: [String] = []
            for beginning in shorter {
                for letter in "etaoinshrdlucmfwypvbgkjqxz" where tokens.count < texts {
                    longer.append("\(beginning)\(letter)")
                    tokens.append("\(beginning)\(letter)")
                    merges.append("\(beginning) \(letter)")
                }
            }
            shorter = longer
        }
        self.tokens = tokens + Self.marks
        self.merges = merges
    }

    /// The characters that stand for the 256 bytes: the visible ones of Latin-1 for themselves, the others' from 256
    /// on.
    private static let bytes: [String] = {
        var next: UInt32 = 256
        return (0..<256).map { (byte: UInt32) in
            if 33...126 ~= byte || 161...172 ~= byte || 174...255 ~= byte { return character(byte) }
            defer { next += 1 }
            return character(next)
        }
    }()
    private static let space = bytes[0x20]

    private static func character(_ number: UInt32) -> String {
        Unicode.Scalar(number).map { String(Character($0)) } ?? ""
    }
}
