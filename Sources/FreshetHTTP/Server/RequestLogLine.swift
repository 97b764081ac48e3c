package import FoundationEssentials
package import Freshet

/// What a server's log says of one request. Neither what was asked nor what was answered has a place in it, nor a key.
package struct RequestLogLine: Sendable {
    /// How lines are written.
    package enum Format: String, Sendable, CaseIterable {
        /// `name=value` with spaces between, values in quotes where they need it.
        case logfmt
        /// One JSON object a line.
        case json
    }

    /// When the request came.
    package var time: Date
    /// The request's identifier, which the response carries as `x-request-id`.
    package var id: String
    /// The client's address.
    package var peer: String
    /// The method, as sent.
    package var method: String
    /// The path, without its query.
    package var path: String
    /// The HTTP status of the response; 499 when the client left before there was one.
    package var status: Int?
    /// The model that answered, or, when there is none of that name, the name that was asked for.
    package var model: String?
    /// Whether the answer was streamed; `nil` where nothing was generated.
    package var isStreamed: Bool?
    /// What the answer cost; `nil` before its end.
    package var usage: Usage?
    /// Why the answer ended.
    package var finish: FinishReason?
    /// What went wrong, when something did: also after the status was sent.
    package var error: GenerationError.Code?
    /// Why the response was cut short, when it was.
    package var cut: HTTPCut?
    /// From the request's arrival to the first piece of the answer.
    package var firstPiece: Duration?
    /// From the request's arrival to the response's last byte.
    package var duration: Duration?

    /// The line of a request of which nothing more is known yet.
    package init(time: Date, id: String, peer: String, method: String, path: String) {
        self.time = time
        self.id = id
        self.peer = peer
        self.method = method
        self.path = path
    }

    /// The line, without a line end: ASCII, control characters of what the client sent escaped, and long names cut.
    package func text(_ format: Format) -> String {
        var line: [UInt8] = []
        for (name, value) in fields {
            line.append(contentsOf: (line.isEmpty ? (format == .json ? "{" : "") : format == .json ? "," : " ").utf8)
            switch format {
            case .logfmt: line += Array("\(name)=".utf8) + value.logfmt
            case .json: line += Array("\"\(name)\":".utf8) + value.json
            }
        }
        if format == .json { line.append(UInt8(ascii: "}")) }
        return String(decoding: line, as: UTF8.self)
    }

    /// A field's value: what a program would compare, or count with.
    private enum Value {
        case text(String)
        case integer(Int)
        case milliseconds(Duration)

        var json: [UInt8] {
            var bytes: [UInt8] = []
            switch self {
            case .text(let text): bytes.append(json: String(text.prefix(200)))
            case .integer(let number): bytes.append(json: number)
            case .milliseconds(let duration): bytes.append(contentsOf: Self.milliseconds(duration).utf8)
            }
            return bytes
        }

        var logfmt: [UInt8] {
            guard case .text(let text) = self, text.prefix(200).utf8.allSatisfy(Self.isPlain), !text.isEmpty else {
                return json
            }
            return Array(text.prefix(200).utf8)
        }

        private static func isPlain(_ byte: UInt8) -> Bool {
            (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                && byte != UInt8(ascii: "\\")
        }

        /// Milliseconds with three places: microseconds are all that a clock across threads is good for.
        private static func milliseconds(_ duration: Duration) -> String {
            let microseconds = max(0, Int(duration / .microseconds(1)))
            let rest = String(microseconds % 1000)
            return "\(microseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
        }
    }

    private static func name(of cut: HTTPCut) -> String {
        switch cut {
        case .clientLeft: "client_left"
        case .tooSlow: "client_too_slow"
        case .shuttingDown: "shutting_down"
        case .aborted: "aborted"
        }
    }

    private var fields: [(String, Value)] {
        var fields: [(String, Value)] = [
            ("time", .text(time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))),
            ("id", .text(id)),
            ("peer", .text(peer)),
        ]
        // Of what the server itself refuses nothing more is known.
        if !method.isEmpty { fields += [("method", .text(method)), ("path", .text(path))] }
        if let status { fields.append(("status", .integer(status))) }
        if let model { fields.append(("model", .text(model))) }
        if let isStreamed { fields.append(("streamed", .text(isStreamed ? "yes" : "no"))) }
        if let usage {
            fields += [
                ("prompt_tokens", .integer(usage.promptTokens)),
                ("completion_tokens", .integer(usage.completionTokens)),
                ("cached_tokens", .integer(usage.cachedTokens)),
            ]
        }
        if let finish { fields.append(("finish", .text(finish.rawValue))) }
        if let error { fields.append(("error", .text(error.rawValue))) }
        if let cut { fields.append(("cut", .text(Self.name(of: cut)))) }
        if let firstPiece { fields.append(("first_ms", .milliseconds(firstPiece))) }
        if let duration { fields.append(("duration_ms", .milliseconds(duration))) }
        return fields
    }
}
