import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetHTTP

/// What the dialect writes, it reads back the same: Law 6 rests on that.
@Suite struct OpenAIRoundTripTests {
    /// Encodes a stream event by event and decodes it again.
    private func roundTrip(_ chunks: [Chunk], for endpoint: OpenAIEndpoint = .chatCompletions) throws -> [Chunk] {
        var encoder = OpenAIChunkEncoder(for: endpoint)
        var decoder = OpenAIChunkDecoder()
        var decoded: [Chunk] = []
        for chunk in chunks {
            var event: [UInt8] = []
            if encoder.append(chunk, to: &event) { decoded += try decoder.decode(event) }
            #expect(event.allSatisfy { 0x20...0x7E ~= $0 })
        }
        return try decoded + decoder.decode(Array("[DONE]".utf8))
    }

    @Test(arguments: 0..<20) func streamsOfConversations(_ seed: UInt64) throws {
        var streams = RandomStream(seed: seed)
        for _ in 0..<50 {
            let chunks = streams.next()
            var grammar = ChunkGrammar()
            for chunk in chunks { try grammar.accept(chunk) }
            let decoded = try roundTrip(chunks)
            #expect(decoded == chunks)
            // Swift takes "é" in one scalar and in two for equal; the wire must not.
            #expect(
                decoded.compactMap { $0.text.map { Array($0.utf8) } }
                    == chunks.compactMap { $0.text.map { Array($0.utf8) } })
        }
    }

    @Test(arguments: 0..<10) func streamsOfPlainCompletions(_ seed: UInt64) throws {
        var streams = RandomStream(seed: seed)
        for _ in 0..<50 {
            let chunks = streams.nextPlain()
            let decoded = try roundTrip(chunks, for: .completions)
            #expect(decoded == chunks)
        }
    }

    @Test(arguments: OpenAIEndpoint.allCases) func wholeReplies(_ endpoint: OpenAIEndpoint) throws {
        var streams = RandomStream(seed: 99)
        for _ in 0..<300 {
            var reply = Reply()
            for chunk in endpoint == .completions ? streams.nextPlain() : streams.next() { reply.append(chunk) }
            var json: [UInt8] = []
            OpenAIReply.append(reply, for: endpoint, to: &json)
            var decoded = Reply()
            for chunk in try OpenAIReply.chunks(of: json) { decoded.append(chunk) }
            #expect(decoded == reply)
        }
    }

    /// Objects with anything in any place: what comes of them obeys the grammar, or is an error.
    @Test(arguments: 0..<20) func damagedObjectsObeyTheGrammar(_ seed: UInt64) throws {
        var (streams, generator) = (RandomStream(seed: seed), SeededGenerator(seed: seed))
        var (ends, errors) = (0, 0)
        for _ in 0..<100 {
            var (encoder, decoder, grammar) = (OpenAIChunkEncoder(), OpenAIChunkDecoder(), ChunkGrammar())
            do {
                for chunk in streams.next() {
                    var event: [UInt8] = []
                    encoder.append(chunk, to: &event)
                    var object = try JSONValue(json: event)
                    if Int.random(in: 0..<4, using: &generator) == 0 { damage(&object, &generator) }
                    event.removeAll()
                    event.append(json: object)
                    for chunk in try decoder.decode(event) { try grammar.accept(chunk) }
                }
                for chunk in try decoder.finish() { try grammar.accept(chunk) }
                try grammar.acceptEnd()
                ends += 1
            } catch is GenerationError {
                errors += 1
            }
        }
        #expect(ends > 0 && errors > 0)
    }

    /// Puts something else into a place of a value.
    private func damage(_ value: inout JSONValue, _ generator: inout SeededGenerator) {
        let others: [JSONValue] = [
            .null, true, 0, -1, 1, .number(0.5), .integer(Int128(UInt64.max)), "", "x", [], [[:]], [:], value, [value],
        ]
        switch value {
        case .array(var items) where !items.isEmpty && Int.random(in: 0..<8, using: &generator) > 0:
            let place = Int.random(in: 0..<items.count, using: &generator)
            if Int.random(in: 0..<4, using: &generator) == 0 {
                items.append(items[place])
            } else {
                damage(&items[place], &generator)
            }
            value = .array(items)
        case .object(var members) where !members.isEmpty && Int.random(in: 0..<8, using: &generator) > 0:
            // In the order of the names, which is the same in every run.
            let names = members.keys.sorted()
            let name = names[Int.random(in: 0..<names.count, using: &generator)]
            damage(&members[name, default: .null], &generator)
            value = .object(members)
        default:
            value = others[Int.random(in: 0..<others.count, using: &generator)]
        }
    }
}
