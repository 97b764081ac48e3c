internal import Freshet

/// What a ``SchemaSubset`` keeps of the keywords of each type.
extension SchemaSubset {
    /// The members of an object's schema.
    mutating func object(
        _ keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> [OrderedJSON.Member] {
        var (members, described) = ([OrderedJSON.Member](), [OrderedJSON.Member]())
        if let properties = keywords["properties"] {
            guard case .object(let list) = properties else { throw complaint(path, "properties must be an object") }
            for property in list {
                guard property.name.utf8.count <= Self.nameLimit else {
                    throw complaint(path, "a property's name has more than \(Self.nameLimit) bytes")
                }
                guard property.name != "*" else { throw complaint(path, "no property can be named *") }
                let schema = try read(property.value, at: "\(path)/properties/\(property.name)")
                described.append(.init(name: property.name, value: schema))
            }
        }
        if !described.isEmpty { members.append(.init(name: "properties", value: .object(described))) }
        var required: [OrderedJSON] = []
        if let wanted = keywords["required"] {
            guard case .array(let names) = wanted else { throw complaint(path, "required must be a list of names") }
            let known = Set(described.map { OrderedJSON.string($0.name) })
            for name in names where !known.contains(name) {
                try leaveOut(path, "required names \(name.text.prefix(64)), which properties does not describe")
            }
            required = names.filter(known.contains)
            members.append(.init(name: "required", value: .array(required)))
        }
        guard described.count - Set(required).count <= Self.optionalLimit else {
            try leaveOut(path, "more than \(Self.optionalLimit) properties are not required")
            return []
        }
        switch keywords["additionalProperties"] {
        case nil: break
        case .bool(false): members.append(.init(name: "additionalProperties", value: .bool(false)))
        case let schema?:
            let odd = Set<Unicode.Scalar>(["\"", "\\", "]", "^", "-"])
            let isOdd = { (scalar: Unicode.Scalar) in odd.contains(scalar) || scalar.value < 0x20 }
            if let property = described.first(where: {
                $0.name.isEmpty || $0.name.unicodeScalars.contains(where: isOdd)
            }) {
                try leaveOut(
                    path,
                    "additionalProperties cannot be kept to beside a property named \(property.name.debugDescription)")
                break
            }
            let schema = try read(schema, at: "\(path)/additionalProperties")
            members.append(.init(name: "additionalProperties", value: schema == .object([]) ? .bool(true) : schema))
        }
        return members
    }

    /// The most properties of one object that need not be there: the converter takes time that grows with their third
    /// power.
    private static let optionalLimit = 100
    /// The most bytes of a property's name: the converter looks for a run of odd characters with a stack.
    private static let nameLimit = 256

    /// The members of a list's schema.
    mutating func array(
        _ keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> [OrderedJSON.Member] {
        let (least, most) = try counts("minItems", "maxItems", keywords, at: path)
        var tuple = keywords["prefixItems"]
        if case .array = keywords["items"] ?? .null { tuple = keywords["items"] }
        if let tuple {
            guard case .array(let items) = tuple else { throw complaint(path, "prefixItems must be a list of schemas") }
            guard least <= items.count, most.map({ items.count <= $0 }) ?? true else {
                try leaveOut(
                    path, "prefixItems is the whole list, of another length than minItems and maxItems want")
                return []
            }
            var schemas: [OrderedJSON] = []
            for (place, item) in items.enumerated() {
                schemas.append(try read(item, at: "\(path)/prefixItems/\(place)"))
            }
            return [.init(name: "prefixItems", value: .array(schemas))]
        }
        var members: [OrderedJSON.Member] = []
        var (fewest, greatest) = (least, most)
        switch keywords["items"] {
        case nil: break
        case .bool(false): (fewest, greatest) = (least, 0)
        case let items?: members.append(.init(name: "items", value: try read(items, at: "\(path)/items")))
        }
        guard greatest.map({ fewest <= $0 }) ?? true else {
            throw complaint(path, "no list has so many items and so few")
        }
        if fewest > 0 { members.append(.init(name: "minItems", value: .number("\(fewest)"))) }
        if let greatest { members.append(.init(name: "maxItems", value: .number("\(greatest)"))) }
        return members
    }

    /// The members of a text's schema.
    func string(_ keywords: SchemaKeywords, at path: String) throws(GenerationError) -> [OrderedJSON.Member] {
        let (least, most) = try counts("minLength", "maxLength", keywords, at: path)
        if let format = keywords.knownFormat {
            if least > 0 || most != nil {
                try leaveOut(path, "minLength and maxLength cannot be kept to beside format: leave them out")
            }
            return [.init(name: "format", value: .string(format))]
        }
        var members: [OrderedJSON.Member] = []
        if least > 0 { members.append(.init(name: "minLength", value: .number("\(least)"))) }
        if let most { members.append(.init(name: "maxLength", value: .number("\(most)"))) }
        return members
    }

    /// A constant, in the place of which an expression will stand.
    mutating func pattern(
        _ pattern: OrderedJSON, _ keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> OrderedJSON {
        guard case .string(let regex) = pattern else { throw complaint(path, "pattern must be a text") }
        let (least, most) = try counts("minLength", "maxLength", keywords, at: path)
        if least > 0 || most != nil || keywords.knownFormat != nil {
            try leaveOut(path, "minLength, maxLength and format cannot be kept to beside pattern: leave them out")
        }
        let expression: String
        do {
            expression = try RegexGrammar.expression(of: regex, as: .jsonString)
        } catch {
            guard !error.isMalformed else { throw complaint(path, "pattern \(error.text)") }
            try leaveOut(path, "pattern \(error.text)")
            return .object([.init(name: "type", value: .string("string"))] + (try string(keywords, at: path)))
        }
        return constant("pattern-\(expressions.count)", for: expression)
    }

    /// A constant, in the place of which a string of that format will stand; `nil` where the converter knows the format.
    mutating func date(_ keywords: SchemaKeywords, at path: String) throws(GenerationError) -> OrderedJSON? {
        guard let format = keywords.knownFormat, let expression = DateGrammar.expression(of: format) else { return nil }
        _ = try string(keywords, at: path)
        return constant(format, for: expression)
    }

    private mutating func constant(_ name: String, for expression: String) -> OrderedJSON {
        let constant = "\(mark)-\(name)"
        if !expressions.contains(where: { $0.constant == constant }) {
            expressions.append(SchemaExpression(constant: constant, expression: #""\"" \#(expression) "\"""#))
        }
        return .object([
            .init(name: "type", value: .string("string")), .init(name: "const", value: .string(constant)),
        ])
    }

    /// Both bounds, because the converter makes numbers with leading zeros where only the upper one is there and is
    /// negative. Beyond ±2⁵³ a reader that knows only `Double` takes one integer for another, so that these bounds always hold.
    func integer(_ keywords: SchemaKeywords, at path: String) throws(GenerationError) -> [OrderedJSON.Member] {
        if let step = keywords["multipleOf"], step != .number("1") {
            try leaveOut(path, "multipleOf cannot be kept to while an answer is written: leave it out")
        }
        guard keywords.first(of: SchemaKeywords.bounds) != nil else { return [] }
        for name in SchemaKeywords.bounds {
            guard let value = keywords[name] else { continue }
            guard case .number(let text) = value, Double(text) != nil else {
                throw complaint(path, "\(name) must be a number")
            }
        }
        let (least, most) = keywords.integers(within: 9_007_199_254_740_991)
        guard least <= most else { throw complaint(path, "there is no integer between the bounds") }
        return [
            .init(name: "minimum", value: .number("\(Int(least))")),
            .init(name: "maximum", value: .number("\(Int(most))")),
        ]
    }

    private func counts(
        _ least: String, _ most: String, _ keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> (Int, Int?) {
        func count(_ name: String) throws(GenerationError) -> Int? {
            guard let value = keywords[name] else { return nil }
            guard case .number(let text) = value, let number = Double(text).flatMap(Int.init(exactly:)),
                0...1_000_000 ~= number
            else { throw complaint(path, "\(name) must be a whole number from 0 to 1000000") }
            return number
        }
        let (low, high) = (try count(least) ?? 0, try count(most))
        if let high, high < low { throw complaint(path, "\(most) is less than \(least)") }
        return (low, high)
    }
}
