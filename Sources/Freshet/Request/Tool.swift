/// A function that the model may ask the caller to call. Nothing here calls it.
///
/// ```swift
/// let weather = Tool(
///     name: "get_weather", description: "The weather at a place.",
///     parameters: #"{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"#)
/// ```
public struct Tool: Sendable, Hashable {
    /// The function's name: letters, digits, `_`, `-` and `.`.
    public var name: String
    /// What it does, for the model to read.
    public var description: String
    /// The JSON schema of its arguments, an object, as JSON text, whose members' order is kept; empty for a function
    /// without arguments.
    public var parameters: String
    /// Whether ``parameters`` must be a schema that calls can be held to: a request is refused that has a keyword in it which
    /// cannot be kept to. Else such keywords are only for the model to read.
    public var isStrict: Bool

    /// Makes a tool.
    public init(name: String, description: String = "", parameters: String = "", isStrict: Bool = false) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
    }
}

/// Whether, and what, the model must call.
public enum ToolChoice: Sendable, Hashable {
    /// The model decides.
    case auto
    /// The model sees the tools, and calls none.
    case none
    /// At least one call. A grammar forces it: nothing but the model's reasoning comes before it.
    case required
    /// A call to the tool of that name, forced likewise.
    case named(String)
}

extension Tool {
    /// The most tools of one request.
    public static let countLimit = 128

    /// The most bytes of a name, of a description, and of a schema, in UTF-8.
    public static let byteLimits = (name: 64, description: 16 << 10, parameters: 256 << 10)

    /// The most levels of lists and objects in a schema, and in a call's arguments.
    public static let nestingLimit = 64

    /// Checks the tools of a request, and that they have the one that is chosen.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    static func validate(_ tools: [Tool], choice: ToolChoice) throws(GenerationError) {
        guard tools.count <= countLimit else {
            throw .invalid("tools", "may hold at most \(countLimit), but holds \(tools.count)")
        }
        var names: Set<String> = []
        for (place, tool) in tools.enumerated() {
            try tool.validate(at: "tools[\(place)].function")
            guard names.insert(tool.name).inserted else {
                throw .invalid("tools[\(place)].function.name", "stands twice: “\(tool.name)”")
            }
        }
        switch choice {
        case .auto, .none: break
        case .required:
            guard !tools.isEmpty else { throw .invalid("tool_choice", "is “required”, but there are no tools") }
        case .named(let name):
            guard names.contains(name) else {
                throw .invalid("tool_choice", "names “\(name)”, which is none of the tools")
            }
        }
    }

    private func validate(at path: String) throws(GenerationError) {
        let limits = Self.byteLimits
        guard !name.isEmpty, name.utf8.count <= limits.name,
            name.unicodeScalars.allSatisfy({
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-.".contains(Character($0)))
            })
        else {
            throw .invalid("\(path).name", "must be 1 to \(limits.name) letters, digits, “_”, “-” or “.”")
        }
        guard description.utf8.count <= limits.description else {
            throw .invalid("\(path).description", "may have at most \(limits.description) UTF-8 bytes")
        }
        guard parameters.utf8.count <= limits.parameters else {
            throw .invalid("\(path).parameters", "may have at most \(limits.parameters) UTF-8 bytes")
        }
        guard parameters.isEmpty || JSONNesting.isObject(parameters) else {
            throw .invalid("\(path).parameters", "must be a JSON object, or be left out")
        }
        guard JSONNesting.depth(of: parameters) <= Self.nestingLimit else {
            throw .invalid("\(path).parameters", "is nested in more than \(Self.nestingLimit) levels")
        }
    }
}
