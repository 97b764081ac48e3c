/// Identifiers for calls to tools, where the model gives none.
///
/// They have nine letters and digits, because the templates of some models (Mistral's) refuse calls in a conversation
/// whose identifiers have another form.
struct CallIdentifiers: Sendable {
    private var random: RandomSource

    /// Identifiers that are the same for the same seed.
    init(seed: UInt64) { random = RandomSource(seed: seed) }

    /// The next one. Two of a conversation are the same with a chance of one in 10¹⁶.
    mutating func next() -> String {
        let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<9).map { _ in characters[Int(random.nextUnit() * Double(characters.count))] })
    }
}
