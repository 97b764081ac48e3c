/// One of those that a report compares: a model, and who runs it.
package struct Side: Codable, Sendable, Hashable {
    /// What the side is called in the table's head: `freshet`, or a server's address.
    package var name: String
    /// The server's address; `nil` for a model in this process.
    package var address: String?
    /// The model that answers.
    package var model: Model
    /// The settings that it ran with, by their options' names without the hyphens: `threads`, `ctx-size`. Empty for a
    /// server, which does not say.
    package var settings: [String: String]

    /// A side.
    package init(name: String, address: String? = nil, model: Model, settings: [String: String] = [:]) {
        self.name = name
        self.address = address
        self.model = model
        self.settings = settings
    }

    /// What is known of a model.
    package struct Model: Codable, Sendable, Hashable {
        /// The name that its chunks carry, or that the server was asked for.
        package var name: String
        /// The file's name, without its folder; `nil` for a server's.
        package var file: String?
        /// The number of parameters; `nil` for a server's.
        package var parameterCount: Int?
        /// The bytes of all tensors; `nil` for a server's.
        package var byteCount: Int?

        /// A model.
        package init(name: String, file: String? = nil, parameterCount: Int? = nil, byteCount: Int? = nil) {
            self.name = name
            self.file = file
            self.parameterCount = parameterCount
            self.byteCount = byteCount
        }
    }
}
