package import struct Foundation.Date
package import Freshet

/// OpenAI's error object ⇄ ``GenerationError``.
///
/// It is written as `{"error":{"message":…,"type":…,"param":…,"code":…}}`, where the code is ours. What is read may
/// come from any server that calls itself compatible: the error may be a text, its code a number or missing, its type
/// Anthropic's or llama.cpp's, and FastAPI's servers say `detail` instead.
package enum OpenAIErrorObject {
    /// The longest message that is taken from a provider, in characters.
    package static let messageLimit = 2000

    /// Adds an error's JSON.
    package static func append(_ error: GenerationError, to output: inout [UInt8]) {
        output.append(literal: #"{"error":{"message":"#)
        output.append(json: error.message)
        output.append(literal: #","type":"#)
        output.append(json: ErrorStatus.type(of: error.code))
        output.append(literal: #","param":"#)
        if let parameter = error.parameter { output.append(json: parameter) } else { output.append(literal: "null") }
        output.append(literal: #","code":"#)
        output.append(json: error.code.rawValue)
        output.append(literal: "}}")
    }

    /// Reads the error of a response that is not a success.
    ///
    /// - Parameters:
    ///   - status: the response's HTTP status.
    ///   - fields: its header, for `Retry-After`.
    ///   - body: what came, or its beginning; a page for people, or anything else that is no error object, is not
    ///     repeated in the message.
    ///   - now: the time by which a date in `Retry-After` is counted.
    package static func error(
        status: Int, fields: HTTPFields, body: some Collection<UInt8>, now: Date
    ) -> GenerationError {
        let stated = (try? JSONValue(json: body)).flatMap { statement(in: $0, status: status) }
        var error = stated ?? ErrorStatus.error(ofStatus: status)
        error.retryAfter = RetryAfter.read(fields, now: now)
        return error
    }

    /// Reads the error in a stream's event, which may come after any number of chunks; `nil` where there is none.
    package static func error(in event: JSONValue) -> GenerationError? {
        for candidate in [event["error"], event["x_groq"]?["error"]] {
            if let candidate, isError(candidate) { return error(candidate, status: nil) }
        }
        return event["object"] == "error" ? error(event, status: nil) : nil
    }

    /// What is "true" in the way of the OpenAI SDK, which takes that for an error.
    private static func isError(_ value: JSONValue) -> Bool {
        switch value {
        case .bool(let bool): bool
        case .string(let text): !text.isEmpty
        case .integer(let number): number != 0
        case .number(let number): number != 0
        case .null, .array, .object: !value.isEmpty
        }
    }

    private static func statement(in body: JSONValue, status: Int) -> GenerationError? {
        // Gemini's compatible address answers with a list of one.
        if case .array(let items) = body { return items.first.flatMap { statement(in: $0, status: status) } }
        if let value = body["error"], isError(value) { return error(value, status: status) }
        if let detail = body["detail"], isError(detail) { return error(detail, status: status) }
        return body["message"]?.string == nil ? nil : error(body, status: status)
    }

    private static func error(_ value: JSONValue, status: Int?) -> GenerationError {
        let (code, type) = (value["code"] ?? .null, value["type"]?.string)
        let kind =
            code.string.flatMap(ErrorStatus.code(named:)) ?? type.flatMap(ErrorStatus.code(named:))
            ?? (code.status ?? status).map(ErrorStatus.code(ofStatus:))
            ?? (type == "invalid_request_error" ? .invalidRequest : .providerFailed)
        let own = [type, code.string].compactMap(\.self).filter { ErrorStatus.code(named: $0) == nil }
        let message = message(of: value) ?? "The provider reports an error and does not say which."
        return GenerationError(
            kind, message, parameter: value["param"]?.string, cause: own.isEmpty ? nil : own.joined(separator: ": "))
    }

    private static func message(of value: JSONValue) -> String? {
        let text: String? =
            switch value {
            case .string(let text): text
            // FastAPI: a list of what is wrong.
            case .array(let items): items.compactMap { message(of: $0) }.joined(separator: "; ")
            case .object: value["message"]?.string ?? value["msg"]?.string ?? value["detail"].flatMap(message(of:))
            case .null, .bool, .integer, .number: nil
            }
        guard let text, !text.isEmpty else { return nil }
        return text.count > messageLimit ? text.prefix(messageLimit) + "…" : text
    }
}

extension JSONValue {
    /// An HTTP status, as a number or as its digits.
    fileprivate var status: Int? {
        switch self {
        case .integer(let number): (400...599).contains(number) ? Int(number) : nil
        case .string(let digits): Int(digits).flatMap { (400...599).contains($0) ? $0 : nil }
        default: nil
        }
    }
}
