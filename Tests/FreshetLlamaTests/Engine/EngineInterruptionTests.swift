import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// Streams that do not run to their end: left, late, or broken under way.
struct EngineInterruptionTests {
    @Test func leavingInMidPromptInterruptsTheComputation() async throws {
        let gate = Gate()
        let script = ToyBackend.Script(batchCapacity: 64) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
        }
        let engine = try await InferenceEngine.toy(script)
        gate.arm()
        let abandoned = try engine.ask("AAAAAAAAAAZAAAAAAAAAAAAAAAAAAAAA")
        await gate.reached()
        abandoned.cancel()
        gate.open()
        // What was computed before the interruption is right, and is used.
        let next = try await engine.ask("AAAAAAAAAABB").collect()
        #expect(next.text == script.answer(to: "AAAAAAAAAABB"))
        #expect(next.usage?.cachedTokens == 10)
        #expect(script.computed.load(ordering: .relaxed) < 32 + 12 + 20)
    }

    /// A recurrent memory is unknown after an interruption, also what it holds of others.
    @Test func othersBeginAnewWhereMemoryCannotBeCut() async throws {
        let gate = Gate()
        let script = ToyBackend.Script(batchCapacity: 64, isTrimmable: false) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
        }
        let engine = try await InferenceEngine.toy(script) { ($0.slotCount, $0.streamCapacity) = (2, 4) }
        let ended = try await engine.ask("ENDED").collect().text
        let paused = try engine.ask("PAUSED")
        // 25 tokens of the first; of this one its prompt and two more, and a third that is not read.
        while script.computed.load(ordering: .relaxed) < 25 + 8 { await Task.yield() }
        gate.arm()
        let abandoned = try engine.ask("AAAZAAAAAAAAAAAAAAAA")
        await gate.reached()
        abandoned.cancel()
        gate.open()
        #expect(try await paused.collect().text == script.answer(to: "PAUSED"))
        #expect(try await engine.ask("ENDED").collect().text == ended)
        // A, A, A and Z; what was in memory of the second is computed once more, and so is the first.
        #expect(script.computed.load(ordering: .relaxed) == 25 + 8 + 4 + 26 + 25)
    }

    @Test func shuttingDownInterruptsTheComputation() async throws {
        let gate = Gate()
        let script = ToyBackend.Script(batchCapacity: 64) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
        }
        let engine = try await InferenceEngine.toy(script)
        gate.arm()
        let running = try engine.ask("AAAZAAAAAAAAAAAAAAAAAAAA")
        await gate.reached()
        let ending = Task { await engine.shutDown() }
        // Refused only once the order has arrived.
        while (try? engine.ask("X")) != nil { await Task.yield() }
        gate.open()
        await ending.value
        #expect(script.computed.load(ordering: .relaxed) <= 5)
        let error = await #expect(throws: GenerationError.self) { try await running.collect() }
        #expect(error?.code == .shuttingDown)
    }

    @Test func aFailureGivesBackTheTextThatWaitedForAStop() async throws {
        let script = ToyBackend.Script(bytes: Array("hello xy and more".utf8)) { token throws(GenerationError) in
            if token == 121 { throw GenerationError(.engineFailed, "The toy is broken.") }
        }
        let error = await #expect(throws: GenerationError.self) {
            try await InferenceEngine.toy(script).ask("FAIL", stop: ["xyz"]).collect()
        }
        #expect(error?.partial?.text == "hello xy")
    }

    @Test func droppingTheIteratorFreesTheSlot() async throws {
        let script = ToyBackend.Script(answerLength: 100)
        let engine = try await InferenceEngine.toy(script) { $0.streamCapacity = 2 }
        for _ in 0..<20 {
            for try await chunk in try engine.ask("LEAVE") where chunk.text != nil { break }
        }
        let reply = try await engine.ask("STAY", maxTokens: 5).collect()
        #expect(reply.text == script.answer(to: "STAY", maxTokens: 5))
    }

    @Test func aCancelledTaskEndsWithWhatItHad() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 100)) { $0.streamCapacity = 2 }
        let stream = try engine.ask("CANCEL")
        let task = Task { () -> (count: Int, error: GenerationError?) in
            var count = 0
            do throws(GenerationError) {
                for try await chunk in stream where chunk.text != nil {
                    count += 1
                    if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            } catch {
                return (count, error)
            }
            return (count, nil)
        }
        let (count, error) = await task.value
        #expect(error?.code == .cancelled)
        // What came together with the third chunk is still read.
        #expect(error?.partial?.text.count == count && (3...5).contains(count))
    }

    @Test func aWaitingRequestCanBeCancelled() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 50)) { $0.streamCapacity = 2 }
        let running = try engine.ask("RUNNING")
        let waiting = try engine.ask("WAITING")
        let last = try engine.ask("LAST", maxTokens: 3)
        waiting.cancel()
        _ = try await running.collect()
        #expect(try await last.collect().usage?.completionTokens == 3)
        let error = await #expect(throws: GenerationError.self) { try await waiting.collect() }
        #expect(error?.code == .cancelled)
    }

    @Test func aDeadlineEndsTheStreamWithTheReplySoFar() async throws {
        let clock = ManualClock()
        let script = ToyBackend.Script(answerLength: 100) { token throws(GenerationError) in
            if token >= 97 { clock.advance(by: .seconds(1)) }
        }
        let engine = try await InferenceEngine.toy(script) { configuration in configuration.now = { clock.now } }
        let error = await #expect(throws: GenerationError.self) {
            try await engine.ask("DEADLINE", deadline: .seconds(4)).collect()
        }
        #expect(error?.code == .deadlineExceeded)
        let expected = script.answer(to: "DEADLINE")
        let partial = try #require(error?.partial?.text)
        #expect(!partial.isEmpty && expected.hasPrefix(partial) && partial.count <= 5)
        // The next request has the slot and all its time.
        let reply = try await engine.ask("NEXT", maxTokens: 3, deadline: .seconds(60)).collect()
        #expect(reply.text == script.answer(to: "NEXT", maxTokens: 3))
    }

    @Test func aDeadlineInTheMiddleOfAPromptInterruptsIt() async throws {
        let clock = ManualClock()
        let script = ToyBackend.Script(batchCapacity: 64) { _ in clock.advance(by: .seconds(1)) }
        let engine = try await InferenceEngine.toy(script) { configuration in configuration.now = { clock.now } }
        let error = await #expect(throws: GenerationError.self) {
            try await engine.ask("ABCDEFGHIJKLMNOPQRSTUVWXYZ", deadline: .seconds(5)).collect()
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(script.computed.load(ordering: .relaxed) <= 6)
    }

    @Test func aDeadlineHoldsInTheQueue() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let script = ToyBackend.Script { token throws(GenerationError) in
            if token == 90 { gate.pass() }
        }
        let engine = try await InferenceEngine.toy(script) { configuration in configuration.now = { clock.now } }
        gate.arm()
        let running = try engine.ask("Z")
        await gate.reached()
        let waiting = try engine.ask("WAITING", deadline: .seconds(1))
        clock.advance(by: .seconds(2))
        gate.open()
        let error = await #expect(throws: GenerationError.self) { try await waiting.collect() }
        #expect(error?.code == .deadlineExceeded)
        #expect(try await running.collect().text == script.answer(to: "Z"))
    }

    @Test func aFailedComputationFailsItsStreamAndNotTheNext() async throws {
        let fails = Atomic(true)
        let script = ToyBackend.Script { token throws(GenerationError) in
            if token >= 97, fails.exchange(false, ordering: .relaxed) {
                throw GenerationError(.engineFailed, "The toy is broken.")
            }
        }
        let engine = try await InferenceEngine.toy(script)
        let error = await #expect(throws: GenerationError.self) { try await engine.ask("FAIL").collect() }
        #expect(error?.code == .engineFailed)
        #expect(error?.partial?.text == script.answer(to: "FAIL", maxTokens: 1))
        let next = try await engine.ask("FAIL").collect()
        #expect(next.text == script.answer(to: "FAIL"))
        #expect(next.usage?.cachedTokens == 0)
    }

    /// Logits that are missing, or are not numbers, end the stream that they were for, with all that its choices held
    /// back. Others in the same batch go on, and nothing of the sequence is used again.
    @Test(arguments: [0, 257])
    func aStreamWithoutLogitsEndsAlone(notNumbers: Int) async throws {
        let gate = Gate()
        let breaks = Atomic(true)
        let failing = "FAIL".utf8.map { Token($0) }
        // The turn of the choice that comes there second: the stop sequence may still complete in both.
        let turn = Atomic(0)
        let script = ToyBackend.Script(bytes: Array("held xy and more".utf8)) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
        } logits: { tokens in
            guard tokens.starts(with: failing), tokens.last == 120, breaks.load(ordering: .relaxed) else { return nil }
            return turn.add(1, ordering: .relaxed).newValue == 2 ? [Float](repeating: .nan, count: notNumbers) : nil
        }
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = 3 }
        gate.arm()
        let other = try engine.ask("Z")
        await gate.reached()
        let stream = try engine.ask("FAIL", stop: ["xy and no more"]) { $0.choiceCount = 2 }
        gate.open()
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        #expect(error?.code == .engineFailed)
        // The other one may be some tokens ahead.
        let texts = try #require(error?.partial?.choices.map(\.text))
        #expect(texts.count == 2 && texts.contains("held x"))
        #expect(texts.allSatisfy { $0.hasPrefix("held x") && "held xy and".hasPrefix($0) }, "\(texts)")
        #expect(try await other.collect().text == "held xy and more")
        breaks.store(false, ordering: .relaxed)
        #expect(try await engine.ask("FAIL").collect().text == "held xy and more")
    }
}
