import Freshet
import FreshetTestSupport

/// An answer of one piece, to whatever is asked.
enum ScriptedAnswer {
    static func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
        try await ScriptedProvider(answering: ["a"]).stream(request)
    }
}
