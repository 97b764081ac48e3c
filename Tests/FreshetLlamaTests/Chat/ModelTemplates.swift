import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// The chat templates that come with llama.cpp, and what models write to them.
enum ModelTemplates {
    /// Where `scripts/bootstrap` puts llama.cpp's `models/templates`.
    static let folder = EmbeddedModel.repository.appendingPathComponent(".llama/share/llama.cpp/templates")

    /// What an answer says.
    enum Kind: String, CaseIterable, Sendable {
        /// “Hello é!”
        case text
        /// “Let me think.” as reasoning, then “Hi.”
        case reasoning
        /// A call of `get_weather` for Zürich and two days.
        case call
        /// The same, and another for Oslo.
        case calls
    }

    /// An answer in the form of a template's model.
    struct Output: Sendable, CustomTestStringConvertible {
        var template: String
        var kind: Kind
        var text: String
        var testDescription: String { "\(template) \(kind)" }
    }

    /// Answers for all templates. They are written as each template writes them into a conversation; a template may
    /// know no calls, or only one.
    static let outputs: [Output] = {
        let url = EmbeddedModel.repository.appendingPathComponent("Tests/FreshetLlamaTests/Chat/outputs.json")
        guard let data = try? Data(contentsOf: url),
            let outputs = try? JSONDecoder().decode([String: [String: String]].self, from: data)
        else { return [] }
        return outputs.sorted { $0.key < $1.key }.flatMap { template, texts in
            Kind.allCases.compactMap { kind in
                texts[kind.rawValue].map { Output(template: template, kind: kind, text: $0) }
            }
        }
    }()

    /// A tool for all of them.
    static let weather = Tool(
        name: "get_weather", description: "Weather",
        parameters:
            #"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}"#)

    /// The embedded model's vocabulary under another template.
    static func model(template: String? = nil) throws(GenerationError) -> LlamaModel {
        var options = LlamaModel.LoadOptions()
        options.isVocabularyOnly = true
        options.chatTemplate = template
        return try LlamaModel(path: EmbeddedModel.path, options: options)
    }

    /// The embedded model's vocabulary under one of the templates.
    static func model(named name: String) throws -> LlamaModel {
        try model(template: String(contentsOf: folder.appendingPathComponent(name + ".jinja"), encoding: .utf8))
    }

    /// A short conversation, rendered.
    static func render(
        _ model: LlamaModel, _ change: (inout GenerationRequest) -> Void = { _ in }
    ) throws(GenerationError) -> ChatRendering {
        let messages = [Message(role: .user, content: "Hello there")]
        var request = GenerationRequest(prompt: .messages(messages))
        change(&request)
        guard case .messages(let messages) = request.prompt else { preconditionFailure("a conversation is rendered") }
        return try model.templateCache.templates(of: model).render(messages, for: request)
    }
}
