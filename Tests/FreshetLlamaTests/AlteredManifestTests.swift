import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Manifests of every way to draw: found again, and told what was changed in them.
@Suite struct AlteredManifestTests {
    private static func manifest(
        _ provider: LlamaProvider, _ change: (inout SamplingOptions) -> Void, format: ResponseFormat
    ) async throws -> Manifest {
        var request = GenerationRequest(
            prompt: .text("Once upon a time"), maxTokens: 8, responseFormat: format, isReproducible: true,
            givesManifest: true)
        change(&request.sampling)
        (request.sampling.seed, request.sampling.ignoresEndOfGeneration) = (7, format == .text)
        let reply = try await provider.reply(to: request)
        return try Manifest(json: try JSONValue(json: try #require(reply.metadata["manifest"]).text.utf8))
    }

    @Test(arguments: [ResponseFormat.text, .regex("( [a-z]+){3,}")])
    func itIsToldWhereAndHow(_ format: ResponseFormat) async throws {
        let provider = try await LlamaProvider.load(.embedded)
        for (number, (name, change)) in DrawingWays.all.enumerated() {
            let manifest = try await Self.manifest(provider, change, format: format)
            let count = manifest.answers[0].tokens.count
            #expect(count > 4, "\(name)")
            #expect(
                try await provider.verify(manifest) == Verification(matchingTokens: count, drift: 0), "\(name)")
            let position = number % count
            let other: Token = manifest.answers[0].tokens[position] == 400 ? 401 : 400
            func verification(_ logProbability: Float?) async throws -> Verification {
                var changed = manifest
                changed.answers[0].tokens[position] = other
                if let logProbability { changed.answers[0].logProbabilities[position] = logProbability }
                return try await provider.verify(changed)
            }
            let altered = try await verification(nil)
            let difference = try #require(altered.difference, "\(name)")
            #expect(altered.verdict == .altered && altered.matchingTokens == position, "\(name)")
            #expect(difference.position == position && difference.expected == other, "\(name)")
            // The record of another draw from the same logits, or from ones that rounding moved, or quite others.
            let here = difference.expectedHere
            let isNear = abs(here - difference.foundHere) <= difference.reach
            for (change, verdict) in [
                (0, .drawnOtherwise), (0.01, isNear ? .nearTie : .farApart), (0.1, .otherLogits),
            ] as [(Float, Verification.Verdict)] {
                #expect(try await verification(here - change).verdict == verdict, "\(name)")
            }
        }
        await provider.shutDown()
    }
}
