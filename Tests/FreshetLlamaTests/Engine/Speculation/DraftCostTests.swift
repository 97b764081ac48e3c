import Freshet
import FreshetLlamaTestSupport
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// What a model that guesses gives and takes, on a clock that only computation moves.
struct DraftCostTests {
    /// A toy whose batches take a time for themselves and one for each token.
    private final class TimedBackend: BackendWrapper {
        let base: any Backend
        private let clock: ManualClock
        private let batch: Duration
        private let token: Duration

        init(_ texts: [[UInt8]], _ clock: ManualClock, batch: Duration, token: Duration) {
            (self.clock, self.batch, self.token) = (clock, batch, token)
            let count = DraftCostTests.prompt.utf8.count + 1
            base = ToyBackend(
                ToyBackend.Script(
                    contextLength: 1024, batchCapacity: 64, slotCount: 2,
                    logits: { tokens in
                        var row = [Float](repeating: 0, count: 257)
                        row[Int(texts[Int(tokens[0]) - 65][tokens.count - count])] = 10
                        return row
                    }))
        }

        func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
            clock.advance(by: self.batch + token * batch.count)
            return try base.decode(batch, shouldInterrupt: shouldInterrupt)
        }

        func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
            base.append(bytesOf: token, showingControl: showingControl, to: &bytes)
        }
    }

    private static let prompt = String(repeating: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", count: 12)
    private static let length = 200

    /// How many times as fast each answer comes with a model's guesses as without, one after the other from one engine: the
    /// model takes 13 ms for a token and half a millisecond for each more, and what guesses an eighth of that.
    ///
    /// - Parameter rates: of each answer, how often a guess is right.
    private func gains(_ rates: [Double]) async throws -> [Double] {
        var random = SeededGenerator(seed: 3)
        // So many characters that little repeats itself.
        let texts = rates.map { _ in [97] + (0..<Self.length).map { _ in UInt8.random(in: 33...126, using: &random) } }
        let guessed = zip(rates, texts).map { rate, text in text.map { random.chance(rate) ? $0 : $0 % 94 + 33 } }
        var times: [[Duration]] = []
        for guesses in [false, true] {
            let clock = ManualClock()
            var configuration = InferenceEngine.Configuration(model: "timed")
            configuration.now = { clock.now }
            configuration.gapTarget = .seconds(1)
            if guesses {
                configuration.draftVocabularySize = 257
                configuration.makeDraftBackend = { _ throws(GenerationError) in
                    TimedBackend(guessed, clock, batch: .microseconds(1500), token: .microseconds(150))
                }
            }
            let engine = try await InferenceEngine.start(configuration) { () throws(GenerationError) in
                TimedBackend(texts, clock, batch: .microseconds(12500), token: .microseconds(500))
            }
            var answers: [Duration] = []
            for number in rates.indices {
                let start = clock.now
                let prompt = String(UnicodeScalar(UInt8(65 + number))) + Self.prompt
                let reply = try await engine.ask(prompt, maxTokens: Self.length) { request in
                    (request.speculates, request.reusesPrefix) = (true, false)
                }.collect()
                #expect(reply.usage?.completionTokens == Self.length)
                answers.append(clock.now - start)
            }
            times.append(answers)
        }
        return zip(times[0], times[1]).map { $0 / $1 }
    }

    /// Once an answer or two have shown it, nine of ten guesses that are wrong take a fiftieth of the time at most: what is
    /// tried all the same, and the reading of prompts for that.
    @Test func whatIsSeldomRightCostsLittle() async throws {
        let gains = try await gains(Array(repeating: 0.1, count: 10))
        let later = gains.dropFirst(3)
        #expect(later.reduce(0, +) / Double(later.count) > 0.985 && gains.allSatisfy { $0 > 0.97 }, "\(gains)")
    }

    /// What becomes right again is noticed, in the answer in which it does.
    @Test func whatIsOftenRightIsFoundAgain() async throws {
        let gains = try await gains([0.1, 0.1, 0.1, 0.9, 0.9])
        #expect(gains[3] > 1.2 && gains[4] > 1.8, "\(gains)")
    }
}
