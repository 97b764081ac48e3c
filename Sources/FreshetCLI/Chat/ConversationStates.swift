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
            case .tokens(let count): ", with \(count.counted("computed token"))."
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
    ///
    /// - Parameters:
    ///   - request: the conversation, as its next turn would be asked; `nil` for one without turns.
    ///   - signals: stop it, with what lay there left as it was.
    func save(_ request: GenerationRequest?, beside path: String, signals: Signals) async -> Outcome {
        await outcome(signals) { [provider] () throws(GenerationError) in
            let count =
                if let request { try await provider.saveState(of: request, to: Self.file(of: path)) } else { 0 }
            if count == 0 { unlink(Self.file(of: path)) }
            return count
        }
    }

    /// Reads what was saved beside a conversation, if anything was.
    ///
    /// - Parameter signals: stop it.
    func restore(beside path: String, signals: Signals) async -> Outcome {
        guard access(Self.file(of: path), F_OK) == 0 else { return .nothing }
        return await outcome(signals) { [provider] () throws(GenerationError) in
            try await provider.restoreState(from: Self.file(of: path))
        }
    }

    /// What comes of work that counts tokens.
    private func outcome(
        _ signals: Signals, _ work: @escaping @Sendable () async throws(GenerationError) -> Int
    ) async -> Outcome {
        do {
            let count = try await signals.cancelling(work)
            return count == 0 ? .nothing : .tokens(count)
        } catch {
            return .failure((error as? GenerationError)?.message ?? "\(error)")
        }
    }

    private static func file(of path: String) -> String { path + ".state" }
}
