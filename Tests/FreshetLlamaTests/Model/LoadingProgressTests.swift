import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// How far models have been read.
struct LoadingProgressTests {
    @Test(
        arguments: [
            ([100], 0, 0.5, 0.5), ([100], 0, 1, 1), ([300, 100], 0, 0, 0), ([300, 100], 0, 0.5, 0.375),
            ([300, 100], 0, 1, 0.75), ([300, 100], 1, 0, 0.75), ([300, 100], 1, 0.5, 0.875), ([300, 100], 1, 1, 1),
            ([0, 0], 0, 1, 0.5), ([0, 0], 1, 1, 1), ([0, 7], 0, 1, 0), ([7, 0], 1, 0.5, 1), ([0], 0, 0.25, 0.25),
        ] as [([Int], Int, Double, Double)])
    func filesCountByTheirSizes(_ byteCounts: [Int], _ place: Int, _ fraction: Double, _ value: Double) {
        #expect(LoadingProgress(byteCounts: byteCounts).value(at: place, fraction) == value)
    }

    /// What was reported while a provider was loaded.
    private final class Reports: Sendable {
        let fractions = Mutex<[Double]>([])
    }

    /// A model and the one that guesses for it are read as one; the second half is the second model's, and answering
    /// `false` in it stops there too.
    @Test func theSecondModelIsAPartOfIt() async throws {
        var options = LlamaOptions(modelPath: EmbeddedModel.path)
        (options.contextLength, options.draftModelPath) = (64, EmbeddedModel.path)
        let reports = Reports()
        let provider = try await LlamaProvider.load(options) { fraction in
            reports.fractions.withLock { $0.append(fraction) }
            return true
        }
        await provider.shutDown()
        let fractions = reports.fractions.withLock { $0 }
        #expect(fractions == fractions.sorted() && fractions.last == 1)
        for half in [0..<0.5, 0.5..<1] { #expect(fractions.count { half.contains($0) } > 3, "\(fractions)") }
        let error = await #expect(throws: GenerationError.self) {
            _ = try await LlamaProvider.load(options) { $0 < 0.6 }
        }
        #expect(error?.code == .cancelled, "\(error as Any)")
    }
}
