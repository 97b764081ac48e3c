internal import CLlama
public import Freshet

/// A model's tokens: text to token ids and back. Usable from any thread.
public struct Vocabulary: Sendable {
    private let model: LlamaModel

    init(model: LlamaModel) { self.model = model }

    /// The number of tokens; ids are below it.
    public var count: Int { model.vocabularySize }

    /// Whether a token is one of the vocabulary's.
    public func contains(_ token: Token) -> Bool { 0..<count ~= Int(token) }

    /// Every token that ends generation: end of text, end of turn, and what else the model marks so.
    public var endOfGeneration: [Token] { model.endOfGeneration }

    /// The tokens that are never to be sampled: a model may list some that it was not trained to choose.
    public var suppressed: [Token] { model.suppressed }

    /// Whether a token ends generation.
    public func isEndOfGeneration(_ token: Token) -> Bool { freshet_vocab_is_eog(model.handle, token) }

    /// Whether a token is a mark rather than text.
    public func isControl(_ token: Token) -> Bool { freshet_vocab_is_control(model.handle, token) }

    /// The token that begins every text, where the model has one.
    public var beginningOfSequence: Token? {
        let token = freshet_vocab_bos(model.handle)
        return token < 0 ? nil : token
    }

    /// The tokens of a text.
    ///
    /// - Parameters:
    ///   - addingSpecial: whether to put around it what the model wants, such as the beginning-of-sequence token.
    ///   - parsingSpecial: whether marks such as `<|end|>` in the text are read as the tokens they name.
    /// - Throws: ``GenerationError`` when the tokenizer refuses the text.
    public func tokenize(
        _ text: String, addingSpecial: Bool, parsingSpecial: Bool
    ) throws(GenerationError) -> [Token] {
        var text = text
        var failure = freshet_error()
        // A token is at least a byte, bar the few that are added around the text.
        var tokens = [Token](repeating: 0, count: text.utf8.count + 16)
        while true {
            let count = text.withUTF8 { bytes in
                let start = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
                return tokens.withUnsafeMutableBufferPointer { buffer in
                    freshet_vocab_tokenize(
                        model.handle, start, bytes.count, addingSpecial, parsingSpecial,
                        buffer.baseAddress, Int32(clamping: buffer.count), &failure)
                }
            }
            guard count >= 0 else { throw GenerationError(failure, attempt: "The text cannot be tokenised") }
            if count <= tokens.count { return Array(tokens.prefix(Int(count))) }
            tokens = [Token](repeating: 0, count: Int(count))
        }
    }

    /// A token's bytes, which may be part of a character.
    ///
    /// - Parameter showingControl: whether control tokens give their names instead of nothing.
    public func bytes(of token: Token, showingControl: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        append(bytesOf: token, to: &bytes, showingControl: showingControl)
        return bytes
    }

    /// Adds a token's bytes to a buffer.
    func append(bytesOf token: Token, to bytes: inout [UInt8], showingControl: Bool = false) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = freshet_vocab_piece(model.handle, token, showingControl, buffer.baseAddress, buffer.count)
            if count <= buffer.count {
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: buffer.baseAddress, count: count))
                return
            }
            let long = [CChar](unsafeUninitializedCapacity: count) { buffer, initialized in
                initialized = freshet_vocab_piece(model.handle, token, showingControl, buffer.baseAddress, count)
            }
            bytes.append(contentsOf: long.lazy.map { UInt8(bitPattern: $0) })
        }
    }
}

extension Vocabulary {
    /// The texts at which DRY starts anew, as tokens; the model keeps what it was asked for last.
    func sequenceBreakers(_ texts: [String]) -> SequenceBreakers {
        model.breakerCache.breakers(of: texts) {
            SequenceBreakers(
                texts, vocabularySize: count, tokenBytes: { bytes(of: $0, showingControl: true) },
                tokenize: { bytes in
                    // A tail that the tokenizer refuses makes its head no breaker.
                    let text = String(decoding: bytes, as: UTF8.self)
                    return (try? tokenize(text, addingSpecial: false, parsingSpecial: false)) ?? []
                })
        }
    }
}

extension Vocabulary {
    /// Reads a grammar for this vocabulary. The first time this takes some tenths of a second for a large vocabulary: it
    /// is no work for the cooperative pool, nor for the engine's thread.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` that says what is wrong with the grammar.
    package func constraint(_ grammar: Grammar) throws(GenerationError) -> Constraint {
        let showsControl = grammar.seesControlTokens
        let table = model.tokenTables.table(showingControl: showsControl) {
            TokenTable(count: count, endOfGeneration: endOfGeneration) { token, bytes in
                append(bytesOf: token, to: &bytes, showingControl: showsControl)
            }
        }
        return try Constraint(grammar, tokens: table) { name in
            let tokens = try? tokenize(name, addingSpecial: false, parsingSpecial: true)
            return tokens?.count == 1 ? tokens?.first : nil
        }
    }
}
