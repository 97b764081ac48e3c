import Freshet
import FreshetLlama
import Glibc

/// What was computed of a conversation, in a file beside its text: the text alone would have to be computed again.
struct ConversationStates: Sendable {
    /// What came of saving or restoring. The conversation's text is safe in any case.
    enum Outcome {
        /// So many tokens are kept.
        case tokens(Int)
        /// There is nothing to keep, or nothing was kept.
        case nothing
        /// Why it was not possible.
        case failure(String)

        /// The end of a sentence about the text.
        var sentenceEnd: String {
            switch self {
            case .tokens(let count): ", with \(count) computed tokens."
            case .nothing: "."
            case .failure(let message): ", as text only. \(message)"
            }
        }
    }

    private let provider: LlamaProvider

    /// The states of conversations with a model on this machine.
    init(_ provider: LlamaProvider) { self.provider = provider }

    /// Writes what memory holds of a conversation. Where that is nothing, a state that lay there is removed: it is not
    /// this conversation's.
    func save(_ conversation: Conversation, beside path: String) async -> Outcome {
        do throws(GenerationError) {
            let count =
                conversation.turns.isEmpty
                ? 0 : try await provider.saveState(of: .messages(conversation.messages), to: Self.file(of: path))
            if count == 0 { unlink(Self.file(of: path)) }
            return count == 0 ? .nothing : .tokens(count)
        } catch {
            return .failure(error.message)
        }
    }

    /// Reads what was saved beside a conversation, if anything was.
    func restore(beside path: String) async -> Outcome {
        guard access(Self.file(of: path), F_OK) == 0 else { return .nothing }
        do throws(GenerationError) {
            return .tokens(try await provider.restoreState(from: Self.file(of: path)))
        } catch {
            return .failure(error.message)
        }
    }

    private static func file(of path: String) -> String { path + ".state" }
}
