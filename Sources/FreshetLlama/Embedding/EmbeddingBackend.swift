import Freshet

/// What computes vectors: the seam between the embedding thread and llama.cpp, which a toy model can fill in a test.
///
/// A backend belongs to one thread: it is made there, used there and freed there.
protocol EmbeddingBackend: AnyObject {
    /// Computes a vector for each text, together.
    ///
    /// - Parameters:
    ///   - texts: no more, and of no more tokens, than the backend was made for.
    ///   - shouldInterrupt: asked many times meanwhile, on this thread; `true` breaks the computation off.
    /// - Returns: the vectors in the texts' order; `nil` when it was interrupted.
    /// - Throws: ``GenerationError`` when the computation failed.
    func embed(_ texts: [[Token]], shouldInterrupt: () -> Bool) throws(GenerationError) -> [[Float]]?
}
