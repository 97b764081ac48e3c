/// A vocabulary index of a model.
public typealias Token = Int32

/// What a model is asked to continue.
public enum Prompt: Sendable, Hashable {
    /// Plain text, continued as it stands; the model's beginning-of-sequence token is added where the model wants one.
    case text(String)
    /// A conversation, rendered by the model's own chat template.
    case messages([Message])
    /// Token ids, taken as they are: nothing is added.
    case tokens([Token])
}
