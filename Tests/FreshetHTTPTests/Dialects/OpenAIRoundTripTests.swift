import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

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
}
