internal import Freshet

/// The one actor: it owns the backend and the slots, and carries out what the scheduler and the prefix cache decide.
///
/// It lives on the engine's thread and nowhere else. Requests come through the queue; chunks leave through writers.
final class EngineLoop {
    private let backend: any Backend
    private let queue: EngineQueue
    private let now: @Sendable () -> ContinuousClock.Instant
    private let onTurn: (@Sendable (EngineLoop) -> Void)?
    private let turns: ComputeTurns.Place?
    private let cutsEvenly: Bool
    private var scheduler: Scheduler
    private var memory: SequenceMemory
    private var slots: [Slot]
    private var batch: Batch
    private var generationCount: UInt64 = 0
    private var pace = Pace()
    /// The model that guesses, where there is one; `nil` once it has failed.
    private var drafter: ModelDrafter?

    init(
        backend: any Backend, drafter: ModelDrafter? = nil, configuration: InferenceEngine.Configuration,
        queue: EngineQueue
    ) {
        self.backend = backend
        self.drafter = drafter
        self.queue = queue
        now = configuration.now
        onTurn = configuration.onTurn
        turns = configuration.turns
        cutsEvenly = configuration.cutsEvenly
        scheduler = Scheduler(
            batchCapacity: backend.batchCapacity, outputCapacity: backend.outputCapacity,
            gapTarget: configuration.gapTarget)
        memory = SequenceMemory(backend, store: configuration.prefixStore)
        slots = (0..<configuration.slotCount).map { _ in Slot() }
        batch = Batch(capacity: backend.batchCapacity)
    }

    /// Serves requests until the queue is closed, then ends those that run or wait.
    func run() {
        var isIdle = true
        defer { turns?.rest() }
        while true {
            let arrivals = queue.take(
                freeSlots: slots.count(where: \.isFree), running: { running }, isIdle: isIdle,
                expiry: { slots.compactMap(\.expiry).min() }, now: now)
            guard !arrivals.isClosed else {
                arrivals.errands.forEach { $0.refuse() }
                let running = slots.compactMap { $0.generation?.answers }
                (arrivals.expired.map(\.answers) + running).forEach { fail($0, .shuttingDown) }
                return
            }
            for submission in arrivals.expired {
                if let error = submission.answers.timeout() { fail(submission.answers, error) }
            }
            retire()
            // What takes longer than a quick batch is not waited for.
            if !arrivals.errands.isEmpty || !arrivals.admitted.isEmpty { wakeReaders() }
            arrivals.errands.forEach { memory.carryOut($0) }
            arrivals.admitted.forEach(admit)
            for place in waiting { settle(place, blocks: arrivals.prefixes[slots[place].number]) }
            isIdle = !step()
            if isIdle { wakeReaders() }
            if isIdle { turns?.rest() }
            onTurn?(self)
        }
    }

    /// How long a generation waits for a folder that does not answer before it computes its prompt.
    private static let diskPatience = Duration.seconds(2)

    /// The slots that are taken, for tests.
    var heldSlotCount: Int { slots.count { !$0.isFree } }

    /// What is wrong with the engine's idea of its memory, for tests; `nil` when nothing is.
    var brokenInvariant: String? { memory.brokenInvariant }

    // MARK: - A generation's way in and out

    /// The generations that each client runs.
    private var running: [String: Int] {
        Dictionary(slots.compactMap { $0.generation.map { ($0.request.client, 1) } }, uniquingKeysWith: +)
    }

    private func admit(_ entry: WaitingLine.Entry) {
        // The queue admits no more than there are free slots.
        guard let place = slots.firstIndex(where: \.isFree) else { return }
        generationCount += 1
        slots[place].admit(
            Generation(entry.submission, choice: entry.choice, backend: backend), number: generationCount)
        slots[place].wait = prefixWait(of: place)
    }

    /// What a generation waits for before it takes a sequence: the leader or the folder, whichever gives more.
    private func prefixWait(of place: Int) -> PrefixWait? {
        guard let generation = slots[place].generation, generation.request.reusesPrefix else { return nil }
        let prompt = generation.tokens
        let cached = memory.cachedLength(of: prompt)
        let others = slots.filter { $0.number != slots[place].number }.compactMap(\.leader)
        let leader = PrefixWait.leader(of: prompt, cached: cached, among: others, isTrimmable: backend.isTrimmable)
        if let wait = load(prompt, beyond: leader?.length ?? cached, for: place) { return wait }
        return leader.map { .leader(number: $0.number, length: $0.length) }
    }

    /// Orders what the folder has of a prompt beyond what memory holds.
    ///
    /// - Returns: what to wait for; `nil` when nothing will come.
    private func load(_ prompt: [Token], beyond length: Int, for place: Int) -> PrefixWait? {
        let stored = memory.storedLength(of: prompt)
        let (queue, number) = (queue, slots[place].number)
        guard stored > length, memory.load(prompt, upTo: stored, completion: { queue.deliver($0, to: number) })
        else { return nil }
        return .folder(until: now() + Self.diskPatience)
    }

    /// The slots whose generation waits, the earlier ones first: one that begins may find its stream full, and whoever
    /// waits for it has to see that in the same turn.
    private var waiting: [Int] {
        slots.indices.filter { slots[$0].isWaiting }.sorted { slots[$0].number < slots[$1].number }
    }

    /// Gives a sequence to a generation that has nothing more to wait for.
    private func settle(_ place: Int, blocks: [PrefixBlock]?) {
        guard let generation = slots[place].generation else { return }
        if let wait = slots[place].wait {
            guard wait.isOver(leaders: slots.compactMap(\.leader), hasArrived: blocks != nil, now: now) else { return }
        }
        slots[place].wait = nil
        slots[place].blocks = blocks?[...] ?? []
        if slots[place].sequence == nil {
            let (sequence, cached) = memory.begin(generation.tokens, mayShare: generation.request.reusesPrefix)
            slots[place].sequence = sequence
            if blocks == nil, cached > 0, generation.isFirstChoice { memory.use(generation.tokens) }
        }
        if slots[place].blocks.isEmpty { begin(place) }
    }

    /// Lets a generation begin with what its sequence holds.
    private func begin(_ place: Int) {
        guard let sequence = slots[place].sequence else { return }
        slots[place].generation?.begin(cached: memory.length(of: sequence))
    }

    /// Puts what the folder gave into memory, one generation's blocks after the other's, until the time is over. A
    /// block is never divided.
    ///
    /// - Returns: whether there was anything to do.
    private func restore(until end: ContinuousClock.Instant) -> Bool {
        var hasRestored = false
        for place in slots.indices.sorted(by: { slots[$0].number < slots[$1].number }) {
            guard let generation = slots[place].generation, let sequence = slots[place].sequence else { continue }
            while let block = slots[place].blocks.popFirst() {
                hasRestored = true
                if !memory.restore(block, to: sequence) {
                    slots[place].blocks = []
                    begin(place)
                } else if slots[place].blocks.isEmpty {
                    // The folder gives a long prompt in pieces, of which a bounded number is in memory twice.
                    slots[place].wait = load(generation.tokens, beyond: memory.length(of: sequence), for: place)
                    if slots[place].wait == nil { begin(place) }
                }
                guard now() < end else { return true }
            }
        }
        return hasRestored
    }

    /// Frees the slots whose choice has ended: finished, left by its reader, or waiting for too long.
    private func retire() {
        for place in slots.indices {
            guard let generation = slots[place].generation else { continue }
            if !generation.isFinished, let error = generation.answers.timeout() { fail(generation.answers, error) }
            guard generation.isFinished || generation.answers.writer.isEnded else { continue }
            if let sequence = slots[place].sequence { memory.finish(sequence) }
            slots[place].release()
        }
    }

    /// Ends a stream with an error, after the text that its choices held back.
    private func fail(_ answers: AnswerStream, _ error: GenerationError) {
        for place in slots.indices where slots[place].generation?.answers === answers {
            slots[place].generation?.flush()
        }
        answers.writer.fail(error)
        // Some of its choices may still stand in line.
        queue.leave(answers.ticket)
    }

    // MARK: - A batch

    /// Computes one batch and hands out what it gave, when it is this engine's turn.
    ///
    /// - Returns: whether there was anything to compute.
    private func step() -> Bool {
        let turn = now()
        var hasRestored = false
        if slots.contains(where: { !$0.blocks.isEmpty }) {
            wakeReaders()
            hasRestored = restore(until: turn + scheduler.restoringTime(beside: demands))
        }
        for place in slots.indices where slots[place].generation?.needsShift == true { shift(place) }
        for place in slots.indices { slots[place].generation?.prepareDraft() }
        guard slots.contains(where: \.hasWork) else { return hasRestored }
        if turns?.isContended == true { wakeReaders() }
        return (turns?.take { compute(since: turn) } ?? compute(since: turn)) || hasRestored
    }

    /// Plans a batch, computes it and hands out what it gave.
    ///
    /// - Parameter turn: when the turn of which it is a part began: what has passed is gone from the gap.
    /// - Returns: whether there was anything to compute.
    private func compute(since turn: ContinuousClock.Instant) -> Bool {
        guess(since: turn)
        let start = now()
        let plan = scheduler.plan(demands, spent: start - turn, isContended: !cutsEvenly && turns?.isContended == true)
        batch.removeAll()
        let outputs = slots.indices.map { contribute(plan[$0], of: $0) }
        guard batch.count > 0 else { return false }
        let planned = slots.indices.filter { plan[$0] > 0 }
        let isQuick = pace.isQuick(batch.count)
        for place in slots.indices where !isQuick || plan[place] == 0 { slots[place].generation?.answers.wakeReader() }
        do throws(GenerationError) {
            guard memory.makeRoom(for: batch.count) else { throw .noRoom }
            let abandonment = abandonment(of: planned)
            switch try backend.decode(batch, shouldInterrupt: { abandonment.isCertain }) {
            case .computed:
                pace.observe(tokens: batch.count, took: now() - start)
                for place in planned { slots[place].generation?.answers.isNextNear = pace.isQuick }
                for place in planned { advance(place, by: plan[place], outputs: outputs[place]) }
                scheduler.observe(took: now() - start)
            case .interrupted:
                resume(planned)
                wakeReaders()
            case .noRoom: throw .noRoom
            }
        } catch {
            for place in planned { discard(place, error) }
            if !backend.isTrimmable { resume([]) }
        }
        retire()
        return true
    }

    /// Wakes all readers for whom there is something: no more comes soon.
    private func wakeReaders() {
        for place in slots.indices { slots[place].generation?.answers.wakeReader() }
    }

    /// What each slot could use a batch for.
    private var demands: [Scheduler.Demand?] {
        let areWaiting = slots.contains { $0.wait != nil }
        let weights = areWaiting ? PrefixWait.weights(of: slots.compactMap(\.participant)) : [:]
        return slots.map { $0.demand(weight: weights[$0.number]) }
    }

    /// Lets the model that drafts guess what running streams go on with, where that is expected to make them faster.
    private func guess(since turn: ContinuousClock.Instant) {
        guard let drafter, let outlook = scheduler.outlook(of: demands, spent: now() - turn) else { return }
        let wishes = slots.indices.compactMap { place in
            slots[place].demand(weight: 1)?.hasRoom == true ? slots[place].generation?.draftWish(place: place) : nil
        }
        guard !wishes.isEmpty else { return }
        wakeReaders()
        do throws(GenerationError) {
            let abandonment = abandonment(of: wishes.map(\.place))
            let guesses = try drafter.guesses(for: wishes, outlook) { abandonment.isCertain }
            for (wish, guesses) in zip(wishes, guesses) { slots[wish.place].generation?.take(guesses) }
        } catch {
            // Answers need no guesses.
            LlamaLog.write(LlamaLog.Line(level: .warning, text: "no more drafts: \(error.message)"))
            self.drafter = nil
        }
    }

    /// Adds a slot's next `count` tokens to the batch: pending ones, and what is left of its draft.
    ///
    /// - Returns: the indices in the batch whose logits tell the next token and, after each drafted one, the token after
    ///   that; `nil` when there are more tokens to compute before.
    private func contribute(_ count: Int, of place: Int) -> ClosedRange<Int>? {
        guard count > 0, let generation = slots[place].generation, let sequence = slots[place].sequence else {
            return nil
        }
        let pending = generation.pending.prefix(count)
        let reachesEnd = pending.endIndex == generation.tokens.endIndex
        for position in pending.indices {
            batch.append(
                pending[position], position: position, sequence: sequence,
                wantsLogits: reachesEnd && position == pending.endIndex - 1)
        }
        guard reachesEnd else { return nil }
        let first = batch.count - 1
        for (offset, token) in generation.draft.prefix(count - pending.count).enumerated() {
            batch.append(token, position: pending.endIndex + offset, sequence: sequence, wantsLogits: true)
        }
        return first...batch.count - 1
    }

    /// Says that a batch has put a slot's tokens into memory, and picks the next one where all pending ones were among
    /// them, then one more for as long as it is the drafted one. What was drafted in vain is taken out of memory. Where
    /// no token can be picked, that stream ends, and the rest of the batch counts.
    private func advance(_ place: Int, by count: Int, outputs: ClosedRange<Int>?) {
        guard let outputs else { return extend(place, by: count) }
        extend(place, by: count - outputs.count + 1)
        do throws(GenerationError) {
            try pick(place, outputs)
        } catch {
            discard(place, error)
        }
    }

    /// Draws a token from each row of logits in turn, as long as the one drawn before is the drafted one.
    private func pick(_ place: Int, _ outputs: ClosedRange<Int>) throws(GenerationError) {
        guard let generation = slots[place].generation, let sequence = slots[place].sequence else { return }
        generation.answers.countDrafted(outputs.count - 1)
        for output in outputs {
            if output > outputs.lowerBound {
                guard generation.goesOn(with: batch.tokens[output]) else { break }
                extend(place, by: 1)
                generation.answers.countAccepted()
            }
            guard let logits = backend.logits(at: output) else { throw .noLogits }
            try generation.step(logits, backend: backend)
        }
        if generation.computed <= batch.positions[outputs.upperBound] {
            memory.truncate(sequence, to: generation.computed)
        }
    }

    /// Says that `count` more tokens of a slot are in memory.
    private func extend(_ place: Int, by count: Int) {
        guard let generation = slots[place].generation, let sequence = slots[place].sequence else { return }
        memory.append(generation.tokens, generation.computed..<generation.computed + count, to: sequence)
        generation.advance(by: count)
    }

    /// Finds out how far a computation came that was broken off.
    ///
    /// A recurrent memory moves the states of sequences, also of those that are not in the batch, as a part of the
    /// computation: none of them is known afterwards, and all begin anew.
    private func resume(_ planned: [Int]) {
        if !backend.isTrimmable { memory.forgetFinished() }
        for place in backend.isTrimmable ? planned : Array(slots.indices) {
            guard let generation = slots[place].generation, let sequence = slots[place].sequence else { continue }
            let position = memory.resume(generation.tokens, of: sequence)
            generation.resume(from: position)
        }
    }

    /// Takes out tokens of a generation whose context is full.
    private func shift(_ place: Int) {
        guard let generation = slots[place].generation, let sequence = slots[place].sequence else { return }
        let held = memory.shift(sequence, removing: generation.shiftRange)
        generation.shift(computed: held)
    }

    /// Ends a generation whose computation failed. What its sequence holds is unknown.
    private func discard(_ place: Int, _ error: GenerationError) {
        guard let generation = slots[place].generation, let sequence = slots[place].sequence else { return }
        fail(generation.answers, error)
        memory.forget(sequence)
        slots[place].release()
    }

    /// The question whether those slots' streams still have readers.
    private func abandonment(of places: [Int]) -> Abandonment {
        Abandonment(of: places.compactMap { slots[$0].generation?.answers }, queue: queue, now: now)
    }
}

extension GenerationError {
    /// Running sequences fill memory. There is a whole context for each slot, so that this is a mistake of ours.
    fileprivate static let noRoom = GenerationError(.engineFailed, "The context has no room for the next tokens.")

    fileprivate static let noLogits = GenerationError(.engineFailed, "The model gave no logits for the next token.")
}
