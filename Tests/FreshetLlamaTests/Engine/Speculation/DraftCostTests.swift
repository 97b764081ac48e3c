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

        /// - Parameter next: the token that follows those of a sequence.
        init(_ clock: ManualClock, batch: Duration, token: Duration, next: @escaping @Sendable ([Token]) -> UInt8) {
            (self.clock, self.batch, self.token) = (clock, batch, token)
            base = ToyBackend(
                ToyBackend.Script(
                    contextLength: 1024, batchCapacity: 64, slotCount: 2,
                    logits: { tokens in
                        var row = [Float](repeating: 0, count: 257)
                        row[Int(next(tokens))] = 10
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

    /// Answers to prompts that say which is asked for by any of their characters, none of which is in an answer.
    private struct Texts {
        private(set) var texts: [[UInt8]] = []
        private var guesses: [[UInt8]] = []
        /// The characters of a prompt that have to be known to guess right.
        private let leastKnown: Int

        /// The characters of each answer, and of each prompt.
        static let length = 200
        private static let promptLength = 313

        /// - Parameter rates: of each answer, how often a guess is right.
        init(_ rates: [Double], leastKnown: Int) {
            var random = SeededGenerator(seed: 3)
            self.leastKnown = leastKnown
            // So many characters that little repeats itself.
            texts = rates.map { _ in (0..<Self.length).map { _ in UInt8.random(in: 33...126, using: &random) } }
            guesses = zip(rates, texts).map { rate, text in text.map { random.chance(rate) ? $0 : $0 % 94 + 33 } }
        }

        func prompt(_ number: Int) -> String {
            String(repeating: String(UnicodeScalar(UInt8(1 + number))), count: Self.promptLength)
        }

        /// The answer's token after others of its own and the prompt.
        func next(after tokens: [Token]) -> UInt8 { texts[Int(tokens[0]) - 1][tokens.count - Self.promptLength] }

        /// The guess after the end of a sequence.
        func guess(after tokens: [Token]) -> UInt8 {
            let known = tokens.prefix { $0 < 33 }.count
            guard known >= leastKnown else { return 33 }
            if known > 0 { return guesses[Int(tokens[0]) - 1][tokens.count - known] }
            let last = tokens.suffix(6).map { UInt8($0) }
            for (text, guesses) in zip(texts, guesses) {
                if let place = text.indices.first(where: { text[$0...].prefix(last.count).elementsEqual(last) }) {
                    return guesses[min(place + last.count, text.count - 1)]
                }
            }
            return 33
        }
    }

    /// How many times as fast each answer comes with a model's guesses as without, one after the other from one engine: the
    /// model takes 13 ms for a token and half a millisecond for each more, and what guesses an eighth of that.
    ///
    /// - Parameters:
    ///   - rates: of each answer, how often a guess is right.
    ///   - leastKnown: the tokens of a prompt that have to be known to guess right.
    private func gains(_ rates: [Double], leastKnown: Int = 0) async throws -> [Double] {
        let texts = Texts(rates, leastKnown: leastKnown)
        var times: [[Duration]] = []
        for guesses in [false, true] {
            let clock = ManualClock()
            var configuration = InferenceEngine.Configuration(model: "timed")
            configuration.now = { clock.now }
            configuration.gapTarget = .seconds(1)
            if guesses {
                configuration.draftVocabularySize = 257
                configuration.makeDraftBackend = { _ throws(GenerationError) in
                    TimedBackend(clock, batch: .microseconds(1500), token: .microseconds(150), next: texts.guess)
                }
            }
            let engine = try await InferenceEngine.start(configuration) { () throws(GenerationError) in
                TimedBackend(clock, batch: .microseconds(12500), token: .microseconds(500), next: texts.next)
            }
            var answers: [Duration] = []
            for number in rates.indices {
                let start = clock.now
                let reply = try await engine.ask(texts.prompt(number), maxTokens: Texts.length) { request in
                    (request.speculates, request.reusesPrefix) = (true, false)
                }.collect()
                #expect(reply.usage?.completionTokens == Texts.length)
                answers.append(clock.now - start)
            }
            times.append(answers)
        }
        return zip(times[0], times[1]).map { $0 / $1 }
    }

    /// Guesses of which nine of ten are wrong take a fiftieth of an answer's time at most, of the first ones' too: what is tried
    /// all the same, and the reading for that. The reading of a whole prompt may be more, and comes seldom.
    @Test func whatIsSeldomRightCostsLittle() async throws {
        let gains = try await gains(Array(repeating: 0.1, count: 10))
        #expect(gains.prefix(3).allSatisfy { $0 > 0.98 } && gains.allSatisfy { $0 > 0.97 }, "\(gains)")
        #expect(gains.reduce(0, +) > 9.9, "\(gains)")
    }

    /// What becomes right again is noticed, in the answer in which it does.
    @Test func whatIsOftenRightIsFoundAgain() async throws {
        let gains = try await gains([0.1, 0.1, 0.1, 0.9, 0.9])
        #expect(gains[3] > 1.05 && gains[4] > 1.8, "\(gains)")
    }

    /// A model whose guesses need all of a prompt is not held for useless for long.
    @Test func whatHasToReadAllIsFound() async throws {
        let gains = try await gains(Array(repeating: 0.9, count: 8), leastKnown: 100)
        #expect(gains[7] > 1.8, "\(gains)")
    }
}
