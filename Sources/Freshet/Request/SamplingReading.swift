extension SamplingOptions {
    /// Takes every option that an object names, as OpenAI's and llama.cpp's servers name them; the others stay.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, which names the member. Whether a
    ///   value is in its range, ``validate()`` says.
    package mutating func read(_ body: JSONField) throws(GenerationError) {
        for (name, path) in SamplingField.numbers {
            if let field = body[name] { self[keyPath: path] = try field.float() }
        }
        for (name, path) in SamplingField.integers {
            if let field = body[name] { self[keyPath: path] = try field.integer() }
        }
        if let field = body["seed"] { seed = try Self.seed(field) }
        if let field = body["ignore_eos"] { ignoresEndOfGeneration = try field.bool() }
        if let field = body["dry_sequence_breakers"] { drySequenceBreakers = try field.strings() }
        if let field = body["samplers"] { stages = try Self.stages(field) }
        if let field = body["logit_bias"] { logitBias = try Self.biases(field) }
        if let field = body["mirostat"] {
            guard let mirostat = Mirostat(rawValue: try field.integer()) else {
                throw field.complaint("must be 0, 1 or 2")
            }
            self.mirostat = mirostat
        }
    }

    /// Any 64 bits; -1 takes a fresh seed, as llama.cpp's server has it.
    private static func seed(_ field: JSONField) throws(GenerationError) -> UInt64? {
        let whole: Int128 = try field.integer()
        if let seed = UInt64(exactly: whole) { return seed }
        guard let seed = Int64(exactly: whole) else { throw field.complaint("must be a whole number of 64 bits") }
        return seed == -1 ? nil : UInt64(bitPattern: seed)
    }

    /// The stages' names in a list, or llama.cpp's letters for them in one text.
    private static func stages(_ field: JSONField) throws(GenerationError) -> [Stage] {
        if case .string(let letters) = field.value {
            return try letters.map { letter throws(GenerationError) in
                guard let stage = letterStages[letter] else {
                    throw field.complaint("has no stage for a letter; the letters are \(letterList)")
                }
                return stage
            }
        }
        return try field.items().map { item throws(GenerationError) in
            guard let stage = Stage(rawValue: try item.string()) else {
                let known = Stage.allCases.map(\.rawValue).joined(separator: ", ")
                throw item.complaint("names no stage; the stages are \(known)")
            }
            return stage
        }
    }

    private static let letterStages: [Character: Stage] = [
        "e": .penalties, "d": .dry, "s": .topNSigma, "k": .topK, "y": .typicalP, "p": .topP, "m": .minP, "x": .xtc,
        "t": .temperature,
    ]

    private static let letterList = letterStages.keys.sorted().map(String.init).joined(separator: ", ")

    /// OpenAI's object of biases by token id, or llama.cpp's list of pairs, where `false` forbids the token.
    private static func biases(_ field: JSONField) throws(GenerationError) -> [Token: Float] {
        var biases: [Token: Float] = [:]
        guard case .array = field.value else {
            for name in try field.members().keys {
                guard let token = Token(name), let bias = field[name] else {
                    throw field.complaint("must have token ids for names and numbers for values")
                }
                biases[token] = try bias.float()
            }
            return biases
        }
        for item in try field.items() {
            let pair = try item.items()
            guard pair.count == 2 else { throw item.complaint("must be a pair of a token id and a bias") }
            biases[try pair[0].integer()] = pair[1].value == false ? -.infinity : try pair[1].float()
        }
        return biases
    }
}

extension JSONField {
    /// The list's texts.
    package func strings() throws(GenerationError) -> [String] {
        try items().map { item throws(GenerationError) in try item.string() }
    }
}
