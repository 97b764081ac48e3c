internal import Freshet

/// A small model that guesses what a larger one will say, with a sequence for each slot in a memory of its own
/// (speculative decoding; Leviathan, Kalman and Matias 2023).
///
/// It says its most likely token each time. What the larger model draws does not depend on that: a guess that differs from
/// the draw is of no use, and no more. It belongs to the engine's thread, like its backend.
final class ModelDrafter {
    /// What is asked for in a slot.
    struct Wish {
        /// The slot.
        var place: Int
        /// The generation's tokens, with the one just drawn at their end.
        var tokens: [Token]
        /// The most guesses that can be of use, at least one.
        var limit: Int
        /// Tokens that are never drawn.
        var avoided: [Token]
        /// What became of earlier guesses.
        var acceptance: DraftAcceptance
    }

    /// A token that may follow.
    struct Guess {
        /// The token.
        var token: Token
        /// How sure the model is of it, for ``DraftAcceptance``.
        var sureness: Int
        /// How likely it is to be drawn, together with all guesses before it.
        var chance = 1.0
    }

    private let backend: any Backend
    private let vocabularySize: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private var batch: Batch
    /// What each slot's sequence holds.
    private var views: [DraftView]
    private var cost = BatchCost()
    /// When guesses that are not expected to pay are made all the same: after reading all of a text, which is the more
    /// seldom, or only its end.
    private var (allPause, endPause) = (ProbePause(rarity: 256), ProbePause())
    private var experience: DraftExperience

    /// Tokens that are computed at a time beyond one of each slot: long prompts come in pieces, so that nobody waits long
    /// for them.
    private static let piece = 64
    /// The guesses of texts' ends that are seen before the model is made to read all of a text.
    private static let probation = 8
    /// By how much the best logit is greater than the next, for each further place of sureness.
    private static let margins: [Float] = [0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8]

    /// What is believed of guesses before there are any.
    static var acceptance: DraftAcceptance { DraftAcceptance(places: margins.count + 1, prior: prior) }

    private static let prior = 0.7

    /// A drafter for so many slots.
    ///
    /// - Parameters:
    ///   - backend: the small model's. Its sequences are the slots', and tokens can be taken back from them.
    ///   - vocabularySize: tokens below this are the same in both models.
    init(
        _ backend: any Backend, slotCount: Int, vocabularySize: Int,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.backend = backend
        self.vocabularySize = vocabularySize
        self.now = now
        batch = Batch(capacity: backend.batchCapacity)
        experience = DraftExperience(slotCount: slotCount, prior: Self.prior)
        views = Array(repeating: DraftView(), count: slotCount)
    }

    /// Guesses for slots, as many as are expected to make answers come faster.
    ///
    /// - Parameters:
    ///   - outlook: what the larger model's batch will give and take.
    ///   - shouldInterrupt: asked many times meanwhile; `true` breaks off.
    /// - Returns: the guesses for each wish.
    /// - Throws: ``GenerationError`` when the small model cannot compute.
    func guesses(
        for wishes: [Wish], _ outlook: DraftOutlook, shouldInterrupt: () -> Bool
    ) throws(GenerationError) -> [[Guess]] {
        var guesses: [[Guess]] = wishes.map { _ in [] }
        for wish in wishes { experience.observe(wish.acceptance, in: wish.place) }
        let acceptances = wishes.map { $0.acceptance.believing(experience.mean) }
        func chance(_ place: Int) -> Double { guesses[place].last?.chance ?? 1 }
        var open = Array(wishes.indices)
        var outlook = outlook
        func paysToGoOn() -> Bool {
            outlook.paysToGoOn(open.map { (chance($0), acceptances[$0].mean) })
        }
        outlook.step = cost.estimate(of: wishes.count) ?? .zero
        let occasion = outlook.duration(outlook.running) ?? .zero
        let pays = paysToGoOn()
        let seesAll = allPause.allows(pays, occasion: occasion, price: price(of: wishes, seesAll: true))
        let seesEnd = endPause.allows(pays, occasion: occasion, price: price(of: wishes, seesAll: false))
        guard seesAll || seesEnd else { return guesses }
        let begin = now()
        for wish in wishes {
            let isKnown = experience.guessCount + wish.acceptance.observationCount >= Self.probation
            follow(wish, seesAll: seesAll && (isKnown || !pays))
        }
        var steps = 0
        repeat {
            let step = now()
            let rows = open.map { contribute(wishes[$0], guesses[$0]) }
            let size = batch.count
            guard try compute(shouldInterrupt) else { break }
            cost.observe(tokens: size, took: now() - step)
            for (place, row) in zip(open, rows) {
                guard let row, let logits = backend.logits(at: row),
                    var guess = likeliest(logits, but: wishes[place].avoided)
                else { continue }
                guess.chance = chance(place) * acceptances[place].probability(guess.sureness)
                guesses[place].append(guess)
                outlook.add(chance: guess.chance)
            }
            steps += 1
            open.removeAll { place in
                // Nothing follows the end of an answer.
                guesses[place].count < steps || guesses[place].count >= wishes[place].limit
                    || guesses[place].last.map { backend.endOfGeneration.contains($0.token) } == true
            }
            outlook.spent = now() - begin
        } while !open.isEmpty && paysToGoOn()
        let isDone = !guesses.allSatisfy(\.isEmpty)
        allPause.spend(now() - begin, isDone: isDone)
        endPause.spend(now() - begin, isDone: isDone)
        return guesses
    }

    /// About what a guess for each wish takes, with what has to be read before.
    private func price(of wishes: [Wish], seesAll: Bool) -> Duration {
        let unread = wishes.reduce(0) { $0 + views[$1.place].unread(of: $1.tokens, seesAll: seesAll) }
        let (pieces, rest) = unread.quotientAndRemainder(dividingBy: Self.piece)
        return (cost.estimate(of: Self.piece) ?? .zero) * pieces + (rest > 0 ? cost.estimate(of: rest) ?? .zero : .zero)
    }

    /// Takes out of a slot's memory what is not of its generation, and the token just drawn, whose logits are wanted; or
    /// everything, where it is to begin elsewhere.
    private func follow(_ wish: Wish, seesAll: Bool) {
        let held = views[wish.place].tokens.count
        views[wish.place].follow(wish.tokens, seesAll: seesAll)
        let kept = views[wish.place].tokens.count
        if kept < held { backend.truncate(Int32(wish.place), to: kept) }
    }

    /// Adds to the batch what a slot's memory lacks of its tokens and guesses.
    ///
    /// - Returns: the index in the batch whose logits tell the next guess; `nil` when there are more tokens to compute
    ///   before that.
    private func contribute(_ wish: Wish, _ guesses: [Guess]) -> Int? {
        let start = views[wish.place].start
        let end = wish.tokens.count + guesses.count - start
        let begin = views[wish.place].tokens.count
        let room = min(max(Self.piece - batch.count, 1), backend.batchCapacity - batch.count)
        let reached = min(end, begin + room)
        for position in begin..<reached {
            let guess = start + position - wish.tokens.count
            let token = guess < 0 ? wish.tokens[start + position] : guesses[guess].token
            // What the small model does not know, it cannot go on from.
            guard 0..<Token(vocabularySize) ~= token else { return nil }
            batch.append(token, position: position, sequence: Int32(wish.place), wantsLogits: position == end - 1)
            views[wish.place].append(token)
        }
        return reached == end && reached > begin ? batch.count - 1 : nil
    }

    /// Computes the batch and empties it.
    ///
    /// - Returns: false when it was broken off; nothing is in memory then.
    private func compute(_ shouldInterrupt: () -> Bool) throws(GenerationError) -> Bool {
        defer { batch.removeAll() }
        guard batch.count > 0 else { return false }
        do throws(GenerationError) {
            if case .computed = try backend.decode(batch, shouldInterrupt: shouldInterrupt) { return true }
        } catch {
            forget()
            throw error
        }
        forget()
        return false
    }

    private func forget() {
        for place in views.indices {
            backend.truncate(Int32(place), to: 0)
            views[place] = DraftView()
        }
    }

    /// The most likely token but some, and how much more likely it is than the next.
    private func likeliest(_ logits: UnsafeBufferPointer<Float>, but avoided: [Token]) -> Guess? {
        var (best, second, token) = (-Float.infinity, -Float.infinity, -1)
        for index in 0..<min(logits.count, vocabularySize) where logits[index] > second {
            guard !avoided.contains(Token(index)) else { continue }
            if logits[index] > best {
                (best, second, token) = (logits[index], best, index)
            } else {
                second = logits[index]
            }
        }
        guard token >= 0 else { return nil }
        let margin = best - second
        return Guess(token: Token(token), sureness: Self.margins.count { margin >= $0 })
    }
}
