internal import Freshet

/// What somebody outside wants done to the engine's memory, between two batches.
enum MemoryErrand: Sendable {
    /// Take out what memory holds of a text's beginning; nothing gives `nil`.
    case save([Token], completion: @Sendable (Result<PrefixBlock?, GenerationError>) -> Void)
    /// Put a block that begins at 0 into memory, and say whether it is there.
    case restore(PrefixBlock, completion: @Sendable (Result<Bool, GenerationError>) -> Void)

    /// Says that it will not be done.
    func refuse(_ error: GenerationError = .shuttingDown) {
        switch self {
        case .save(_, let completion): completion(.failure(error))
        case .restore(_, let completion): completion(.failure(error))
        }
    }
}
