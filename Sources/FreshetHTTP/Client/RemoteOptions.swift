/// Where a ``RemoteProvider`` finds its model. Printing the options does not show the key.
public struct RemoteOptions: Sendable, CustomStringConvertible, CustomReflectable {
    /// The address below which the routes lie, for example `https://api.openai.com/v1`. A query stays at the end.
    public var baseURL: String
    /// The model that is asked for.
    public var model: String
    /// The key that is sent as `Authorization: Bearer`; `nil` sends none.
    public var apiKey: String?
    /// How long an answer may take; a request's own deadline shortens the total, and its idle timeout the time between
    /// two chunks.
    public var deadlines: HTTPDeadlines
    /// Whether chunks carry the events' bytes as they came, in ``Metadata/raw``.
    public var keepsRawBytes = false

    /// Makes options. Unless other deadlines are given, connecting may take 10 seconds, the first byte 10 minutes (a
    /// long prompt is computed before it), and each silence after it 5 minutes.
    public init(
        baseURL: String, model: String, apiKey: String? = nil,
        deadlines: HTTPDeadlines = HTTPDeadlines(connect: .seconds(10), firstByte: .seconds(600), idle: .seconds(300))
    ) {
        self.baseURL = baseURL
        self.model = model
        self.apiKey = apiKey
        self.deadlines = deadlines
    }

    /// The model only.
    public var description: String { "RemoteOptions(model: \(model))" }
    /// The model only.
    public var customMirror: Mirror { Mirror(self, children: ["model": model]) }
}
