import Freshet
import FreshetTestSupport
import Testing

@Suite struct ChunkStreamTests {
    /// Counts calls from any thread.
    private final class Count: @unchecked Sendable {
        // Sendable: the value is read and written under the monitor only.
        private let monitor = Monitor()
        private var value = 0

        func add() { monitor.withLock { value += 1 } }
        var now: Int { monitor.withLock { value } }
    }

    private func chunk(_ content: Chunk.Content) -> Chunk { Chunk(id: "s", created: 1, model: "m", content: content) }
    private func text(_ number: Int) -> Chunk { chunk(.text("\(number) ")) }

    private static let end = Chunk.Content.end(Usage(promptTokens: 1, completionTokens: 1), nil)

    @Test func deliversInOrderAndEnds() async throws {
        let cancelled = Count()
        let (stream, writer) = ChunkStream.makeStream(onCancel: { cancelled.add() })
        let written = (0..<10).map(text) + [chunk(.finish(Finish(.stop))), chunk(Self.end)]
        for chunk in written { writer.write(chunk) }
        #expect(writer.isEnded)
        writer.write(text(99))
        writer.fail(GenerationError(.engineFailed, "too late"))
        do {
            let iterator = stream.makeAsyncIterator()
            var read: [Chunk] = []
            while let chunk = try await iterator.next() { read.append(chunk) }
            #expect(read == written)
            #expect(try await iterator.next() == nil)
        }
        stream.cancel()
        #expect(cancelled.now == 0, "an ended stream cannot be cancelled")
    }

    @Test func roomIsBoundedWhileNobodyReads() async throws {
        for capacity in [-1, 0, 1, 2, 7] {
            let (stream, writer) = ChunkStream.makeStream(capacity: capacity)
            var written = 0
            while writer.hasRoom {
                writer.write(text(written))
                written += 1
            }
            #expect(written == max(1, capacity))
            writer.write(text(written))
            #expect(!writer.hasRoom, "what one step has already made is still taken")
            writer.fail(GenerationError(.engineFailed, "end"))
            await #expect(throws: GenerationError.self) { try await stream.collect() }
        }
    }

    @Test func theReadersBatchCountsUntilItComesBack() async throws {
        let room = Count()
        let (stream, writer) = ChunkStream.makeStream(capacity: 2, onRoom: { room.add() })
        let iterator = stream.makeAsyncIterator()
        writer.write(text(0))
        writer.write(text(1))
        _ = try await iterator.next()
        #expect(!writer.hasRoom && room.now == 0)
        _ = try await iterator.next()
        #expect(!writer.hasRoom && room.now == 0)
        writer.write(text(2))
        _ = try await iterator.next()
        #expect(writer.hasRoom && room.now == 1, "one more chunk than fits was waiting, and one fits beside it")
    }

    @Test func roomIsAnnouncedOnceForEachTimeTheStreamWasFull() async throws {
        let (room, source) = (Count(), ScriptedProvider(answering: (0..<100).map { "\($0) " }, capacity: 5))
        let (stream, writer) = ChunkStream.makeStream(capacity: 4, onRoom: { room.add() })
        let chunks = try await source.stream(GenerationRequest(prompt: .text(""))).reduce(into: []) { $0.append($1) }
        let writing = Task {
            for chunk in chunks {
                while !writer.hasRoom { await Task.yield() }
                writer.write(chunk)
            }
        }
        let reply = try await stream.collect()
        await writing.value
        #expect(reply.text == (0..<100).map { "\($0) " }.joined())
        #expect(room.now <= chunks.count)
    }

    @Test func droppingTheStreamCancels() {
        let cancelled = Count()
        var (stream, writer): (ChunkStream?, ChunkStream.Writer) = {
            let pair = ChunkStream.makeStream(onCancel: { cancelled.add() })
            return (pair.stream, pair.writer)
        }()
        writer.write(text(0))
        #expect(stream != nil && !writer.isEnded)
        stream = nil
        #expect(writer.isEnded && cancelled.now == 1)
        writer.write(text(1))
        writer.fail(GenerationError(.engineFailed, "nobody reads this"))
        #expect(cancelled.now == 1)
    }

    @Test func droppingTheIteratorCancelsThoughTheStreamLives() async throws {
        let cancelled = Count()
        let (stream, writer) = ChunkStream.makeStream(onCancel: { cancelled.add() })
        writer.write(text(0))
        for try await _ in stream { break }
        #expect(writer.isEnded && cancelled.now == 1)
        await #expect(throws: GenerationError.self) { try await stream.collect() }
    }

    @Test func cancellingSaysSoWithTheReplySoFar() async throws {
        let (stream, writer) = ChunkStream.makeStream()
        let iterator = stream.makeAsyncIterator()
        writer.write(text(0))
        _ = try await iterator.next()
        writer.write(text(1))
        stream.cancel()
        let error = await #expect(throws: GenerationError.self) { try await iterator.next() }
        #expect(error?.code == .cancelled && error?.partial?.text == "0 ", "what waited is let go")
        #expect(writer.hasRoom || writer.isEnded)
    }

    @Test func aCancelledTaskCancelsWhileItWaits() async throws {
        let cancelled = Count()
        let (stream, writer) = ChunkStream.makeStream(onCancel: { cancelled.add() })
        writer.write(text(0))
        let reading = Task { try await stream.collect() }
        while !writer.hasRoom { await Task.yield() }
        reading.cancel()
        let error = await #expect(throws: GenerationError.self) { try await reading.value }
        #expect(error?.code == .cancelled && writer.isEnded && cancelled.now == 1)
    }

    @Test func droppingTheWriterFailsAsTruncated() async throws {
        let stream: ChunkStream
        do {
            let (made, writer) = ChunkStream.makeStream()
            writer.write(text(0))
            stream = made
        }
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        #expect(error?.code == .truncated && error?.partial?.text == "0 ")
    }

    @Test func droppingTheWriterWakesTheReader() async throws {
        let (stream, dropping) = {
            let (stream, writer) = ChunkStream.makeStream()
            let dropping = Task { [writer] in
                for _ in 0..<50 { await Task.yield() }
                withExtendedLifetime(writer) {}
            }
            return (stream, dropping)
        }()
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        #expect(error?.code == .truncated)
        await dropping.value
    }

    @Test func aFailureComesAfterWhatWasWritten() async throws {
        let (stream, writer) = ChunkStream.makeStream()
        writer.write(text(0))
        writer.write(text(1))
        writer.fail(GenerationError(.deadlineExceeded, "late", retryAfter: .seconds(1)))
        writer.fail(GenerationError(.engineFailed, "second"))
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        #expect(error?.code == .deadlineExceeded && error?.partial?.text == "0 1 " && error?.retryAfter == .seconds(1))
    }

    @Test func anEndedStreamKeepsNothingOfItsWriter() async throws {
        for ending in 0..<4 {
            weak var kept: Count?
            let stream: ChunkStream
            do {
                let count = Count()
                kept = count
                let (made, writer) = ChunkStream.makeStream(onRoom: { count.add() }, onCancel: { count.add() })
                stream = made
                switch ending {
                case 0: writer.write(chunk(Self.end))
                case 1: writer.fail(GenerationError(.engineFailed, "x"))
                case 2: stream.cancel()
                default: break
                }
            }
            #expect(kept == nil, "ending \(ending)")
            _ = try? await stream.collect()
        }
    }

    @Test func aWriterHeldByItsOwnCallbackGoesWithTheEnd() {
        final class Holder: @unchecked Sendable {
            // Sendable: set once, before the stream is used.
            var writer: ChunkStream.Writer?
        }
        weak var kept: Holder?
        do {
            let holder = Holder()
            kept = holder
            let (stream, writer) = ChunkStream.makeStream(onRoom: { _ = holder.writer })
            holder.writer = writer
            stream.cancel()
        }
        #expect(kept == nil)
    }

    @Test func aSecondReaderIsToldSoAndTheFirstGoesOn() async throws {
        let (stream, writer) = ChunkStream.makeStream()
        let first = stream.makeAsyncIterator()
        writer.write(text(0))
        #expect(try await first.next() == text(0))
        do {
            let second = stream.makeAsyncIterator()
            let error = await #expect(throws: GenerationError.self) { try await second.next() }
            #expect(error?.code == .invalidRequest)
        }
        writer.write(text(1))
        #expect(try await first.next() == text(1))
    }

    @Test(arguments: 0..<24) func anyInterleavingLosesNothing(_ seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let count = 400
        let (stream, writer) = ChunkStream.makeStream(capacity: Int.random(in: 1...16, using: &generator))
        let pauses = (0..<count).map { _ in Int.random(in: 0...3, using: &generator) }
        let naps = (0..<count).map { _ in Int.random(in: 0...3, using: &generator) }
        let patience = (0..<count).map { _ in Bool.random(using: &generator) }
        let writing = Task {
            for number in 0..<count {
                // A full stream's reader was woken, whatever was written patiently before.
                while !writer.hasRoom { await Task.yield() }
                for _ in 0..<pauses[number] { await Task.yield() }
                let chunk = Chunk(id: "s", created: 1, model: "m", content: .text("\(number) "))
                if patience[number] { writer.writePatiently(chunk) } else { writer.write(chunk) }
                if naps[number] == 0 { writer.wake() }
            }
            writer.write(Chunk(id: "s", created: 1, model: "m", content: Self.end))
        }
        var read: [Chunk] = []
        for try await chunk in stream {
            for _ in 0..<naps[read.count % count] { await Task.yield() }
            read.append(chunk)
        }
        await writing.value
        #expect(read == (0..<count).map(text) + [chunk(Self.end)])
    }

    @Test(.timeLimit(.minutes(5))) func whatIsWrittenPatientlyComesWithTheNextOrAWakeOrTheEnd() async throws {
        for ending in 0..<4 {
            let (room, read) = (Count(), Count())
            let (stream, writer) = ChunkStream.makeStream(capacity: 8, onRoom: { room.add() })
            for number in 0..<8 { writer.write(text(number)) }
            let reading = Task {
                let iterator = stream.makeAsyncIterator()
                var batches: [[Chunk]] = []
                while let batch = try? await iterator.nextBatch() {
                    batches.append(Array(batch))
                    read.add()
                }
                return batches
            }
            // There is room once the reader has come back and waits.
            while room.now == 0, !Task.isCancelled { await Task.yield() }
            writer.writePatiently(text(8))
            writer.writePatiently(text(9))
            switch ending {
            case 0: writer.write(text(10))
            case 1: writer.wake()
            case 2: writer.fail(GenerationError(.engineFailed, "It failed."))
            default: for number in 10..<16 { writer.writePatiently(text(number)) }
            }
            while read.now < 2, !Task.isCancelled { await Task.yield() }
            writer.fail(GenerationError(.engineFailed, "It failed."))
            let expected = [0..<8, 8..<[11, 10, 10, 16][ending]].map { $0.map(text) }
            #expect(try await reading.value == expected, "ending \(ending)")
        }
    }

    @Test func aNudgedReaderComesBackWithNothingAndReadsOn() async throws {
        let (stream, writer) = ChunkStream.makeStream()
        stream.nudge()
        writer.write(text(0))
        writer.write(text(1))
        let iterator = stream.makeAsyncIterator()
        #expect(try await iterator.next() == text(0))
        #expect(try await iterator.nextBatch() == [text(1)], "the rest of what was there, without the earlier nudge")
        let nudging = Task {
            while !Task.isCancelled {
                stream.nudge()
                await Task.yield()
            }
        }
        #expect(try await iterator.nextBatch() == [])
        Task {
            writer.write(text(2))
            writer.write(chunk(Self.end))
        }
        #expect(try await iterator.next() == text(2), "a nudge is no chunk")
        var rest: [Chunk] = []
        while let batch = try await iterator.nextBatch() { rest += batch }
        nudging.cancel()
        #expect(rest == [chunk(Self.end)] && iterator.reply.text == "0 1 2 ")
    }

    @Test(arguments: 0..<12) func nudgesLoseNothing(_ seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let naps = (0..<400).map { _ in Int.random(in: 0...3, using: &generator) }
        let (stream, writer) = ChunkStream.makeStream(capacity: Int.random(in: 1...16, using: &generator))
        let writing = Task {
            for (number, nap) in naps.enumerated() {
                while !writer.hasRoom { await Task.yield() }
                for _ in 0..<nap { await Task.yield() }
                stream.nudge()
                writer.write(text(number))
            }
            writer.write(chunk(Self.end))
        }
        let iterator = stream.makeAsyncIterator()
        var read: [Chunk] = []
        while let batch = try await iterator.nextBatch() { read += batch }
        await writing.value
        #expect(read == naps.indices.map(text) + [chunk(Self.end)])
    }

    @Test(arguments: 0..<24) func leavingAtAnyMomentEndsTheWriter(_ seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let cancelled = Count()
        let (stream, writer) = ChunkStream.makeStream(capacity: 4, onCancel: { cancelled.add() })
        let writing = Task {
            var number = 0
            while !writer.isEnded {
                if writer.hasRoom {
                    writer.write(Chunk(id: "s", created: 1, model: "m", content: .text("\(number)")))
                    number += 1
                }
                await Task.yield()
            }
        }
        let reading = Task { try await stream.collect() }
        for _ in 0..<Int.random(in: 0...60, using: &generator) { await Task.yield() }
        reading.cancel()
        let error = await #expect(throws: GenerationError.self) { try await reading.value }
        await writing.value
        #expect(error?.code == .cancelled && cancelled.now == 1)
    }
}
