internal import Freshet

/// The schemas that calls to a request's tools are held to, for llama.cpp's converter.
///
/// What the model reads are the tools as they were given; the converter, which passes over much in silence and writes to the
/// standard error of patterns that it does not understand, gets of each only the part that it keeps to.
struct CallSchemas {
    /// The tools and, as JSON, what is given of their parameters to the converter.
    private(set) var tools: [(tool: Tool, schema: String)] = []
    /// What stands for constants in ``tools``' schemas.
    private(set) var expressions: [SchemaExpression] = []
    /// Whether the converter can be given the parameters as the model reads them: it makes the same of them.
    private(set) var areParameters = true

    /// Reads the schemas of some of a request's tools, told by their places.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` for what is no schema, or is more than can be kept to and
    ///   belongs to a strict tool. Its parameter is `tools[i].function.parameters`.
    init(_ tools: [(offset: Int, element: Tool)]) throws(GenerationError) {
        for (place, tool) in tools {
            guard !tool.parameters.isEmpty else {
                self.tools.append((tool, "{}"))
                continue
            }
            let field = "tools[\(place)].function.parameters"
            // Rules of two tools may not have the same name: the first one's would be taken for both.
            let subset = try SchemaSubset(
                tool.parameters, field: field, mark: SchemaSubset.mark + "\(place)", isLenient: !tool.isStrict)
            guard case .object(var members) = subset.schema else { throw .invalid(field, "must be an object") }
            if let type = subset.schema["type"], type != .string("object") {
                throw .invalid(field, "must describe an object, of which an argument is a member")
            }
            let properties = OrderedJSON.Member(name: "properties", value: .object([]))
            let isOpen = subset.schema["additionalProperties"] != nil
            if !isOpen, subset.schema["properties"] == nil, OrderedJSON(tool.parameters)?["properties"] != nil {
                // It says that there are no arguments, not that there may be any.
                members.append(properties)
            }
            let schema = OrderedJSON.object(members)
            areParameters = areParameters && Self.isAll(of: OrderedJSON(tool.parameters) ?? .null, schema)
            self.tools.append((tool, schema.text))
            expressions += subset.expressions
        }
    }

    /// What says nothing to the converter.
    private static let annotations: Set<String> = [
        "$schema", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
    ]

    /// Whether what is kept of a schema is all of it but for annotations.
    private static func isAll(of schema: OrderedJSON, _ kept: OrderedJSON) -> Bool {
        guard case .object(let members) = schema, case .object(let others) = kept else { return schema == kept }
        let said = members.filter { !annotations.contains($0.name) }
        return said.count == others.count
            && said.allSatisfy { member in
                guard let other = kept[member.name] else { return false }
                switch member.name {
                case "properties":
                    guard case .object(let one) = member.value, case .object(let two) = other else { return false }
                    return one.map(\.name) == two.map(\.name)
                        && zip(one, two).allSatisfy { isAll(of: $0.value, $1.value) }
                case "items", "additionalProperties": return isAll(of: member.value, other)
                default: return member.value == other
                }
            }
    }

    /// A grammar of the converter's for calls, with what it cannot write put in.
    static func complete(_ grammar: String, with expressions: [SchemaExpression]) -> String {
        SchemaExpression.replaceConstants(of: expressions, in: SchemaSubset.mendingValues(of: grammar))
    }
}
