import Foundation
import Freshet

extension AnswerOptions {
    /// The forms that an answer can be held to, with llama.cpp's names where it has them.
    static var formatOptions: [Option<AnswerOptions>] {
        [
            .flag("--json", path: \.isJSONObject, help: "hold the answer to be a JSON object"),
            .text(
                "-j", "--json-schema", placeholder: "SCHEMA", help: "hold the answer to a JSON schema",
                set: { (values: inout AnswerOptions, text: String, _: String) throws(UsageError) in
                    values.responseFormat = .jsonSchema(text)
                }),
            .text(
                "-jf", "--json-schema-file", placeholder: "FILE", help: "… that a file holds",
                set: { (values: inout AnswerOptions, path: String, name: String) throws(UsageError) in
                    values.responseFormat = .jsonSchema(
                        try Self.text(ofFile: path, limit: ResponseFormat.sizeLimits.schema, for: name))
                }),
            .text(
                "--grammar", placeholder: "GBNF", help: "hold the answer to a grammar in llama.cpp's notation",
                set: { (values: inout AnswerOptions, text: String, _: String) throws(UsageError) in
                    values.responseFormat = .grammar(text)
                }),
            .text(
                "--grammar-file", placeholder: "FILE", help: "… that a file holds",
                set: { (values: inout AnswerOptions, path: String, name: String) throws(UsageError) in
                    values.responseFormat = .grammar(
                        try Self.text(ofFile: path, limit: ResponseFormat.sizeLimits.grammar, for: name))
                }),
            .text(
                "--regex", placeholder: "REGEX",
                help: "hold the answer to a regular expression, which it matches whole",
                set: { (values: inout AnswerOptions, text: String, _: String) throws(UsageError) in
                    values.responseFormat = .regex(text)
                }),
        ]
    }

    /// The text of an ordinary file.
    private static func text(ofFile path: String, limit: Int, for name: String) throws(UsageError) -> String {
        // A pipe or a device might never end.
        guard (try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType) == .typeRegular,
            let handle = FileHandle(forReadingAtPath: path)
        else { throw UsageError(message: "\(name) needs a file, but cannot read \(path.quoted).") }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: limit + 1) else {
            throw UsageError(message: "\(name) needs a file that is not empty, and can be read.")
        }
        guard data.count <= limit else {
            throw UsageError(message: "\(name) takes at most \(limit) bytes, but \(path.quoted) has more.")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw UsageError(message: "\(name) needs text in UTF-8, which \(path.quoted) is not.")
        }
        return text
    }
}

extension AnswerOptions {
    /// Whether the form is any JSON object. Switching it off leaves another form alone.
    fileprivate var isJSONObject: Bool {
        get { responseFormat == .jsonObject }
        set { if newValue { responseFormat = .jsonObject } else if isJSONObject { responseFormat = .text } }
    }
}
