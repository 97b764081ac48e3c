import Freshet

/// The calls to tools that a choice has begun, by which the next piece finds its own.
///
/// Servers disagree on how a piece names its call: some repeat the id and the name in every piece, some number no call,
/// some number each 0 and tell them apart by their ids.
struct OpenAIToolCalls: Sendable {
    /// The most calls of one choice, and one more than the largest number of a call.
    static let limit = 128

    private struct Call {
        var wireIndex: Int?
        var id: String?
        var index: Int
    }

    private var calls: [Call] = []

    /// Whether no call has begun.
    var isEmpty: Bool { calls.isEmpty }

    /// Takes a piece of a call out of an item of `tool_calls`.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/badResponse`` beyond ``limit``.
    mutating func takeFragment(from item: inout JSONMembers) throws(GenerationError) -> ToolCallFragment {
        let (wireIndex, id) = (item.count("index"), item.string("id"))
        item.drop("type", where: "function")
        let function = item.object("function") { ($0.string("name"), $0.take("arguments", \.arguments)) }
        let (name, arguments) = (function?.0, function?.1 ?? "")
        let isNamed = id?.isEmpty == false || name?.isEmpty == false
        if let known = call(wireIndex, id: id, isNamed: isNamed) {
            return ToolCallFragment(index: known.index, arguments: arguments)
        }
        let next = (calls.map(\.index).max() ?? -1) + 1
        let isTaken = calls.contains { $0.index == wireIndex }
        let index = isTaken ? next : wireIndex ?? next
        guard calls.count < Self.limit, index < Self.limit else {
            throw GenerationError(.badResponse, "The provider sent more than \(Self.limit) tool calls in one answer.")
        }
        calls.append(Call(wireIndex: wireIndex, id: id, index: index))
        return ToolCallFragment(index: index, id: id, name: name ?? "", arguments: arguments)
    }

    /// The call that a piece belongs to; `nil` where it begins one.
    private func call(_ wireIndex: Int?, id: String?, isNamed: Bool) -> Call? {
        if let id, !id.isEmpty {
            let candidates = calls.filter { wireIndex == nil || $0.wireIndex == wireIndex }
            return candidates.last { $0.id == id } ?? candidates.last { $0.id == nil && wireIndex != nil }
        }
        if let wireIndex { return calls.last { $0.wireIndex == wireIndex } }
        return isNamed ? nil : calls.last
    }
}

extension JSONValue {
    /// A call's arguments as JSON text; some servers send them as the value itself.
    fileprivate var arguments: String? {
        if case .string(let text) = self { return text }
        var json: [UInt8] = []
        json.append(json: self)
        return String(decoding: json, as: UTF8.self)
    }
}
