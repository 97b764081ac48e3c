import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@Suite struct OpenAIAnswerReaderTests {
    private func read(
        _ type: String, _ pieces: [ArraySlice<UInt8>]
    ) throws -> (chunks: [Chunk], failure: GenerationError?) {
        var reader = try OpenAIAnswerReader(contentType: type, origin: HTTPOrigin(url: "http://a"))
        var chunks: [Chunk] = []
        do {
            for piece in pieces { try reader.append(piece) { chunks.append($0) } }
            try reader.finish { chunks.append($0) }
            return (chunks, nil)
        } catch {
            return (chunks, error)
        }
    }

    private static let text = #"data: {"id":"1","choices":[{"delta":{"content":"é👩‍👧"}}]}"#
    private static let finish = #"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#

    @Test(arguments: [
        text + "\n\n" + finish + "\n\ndata: [DONE]\n\n",
        "\u{FEFF}:\r\n" + text + "\r\n\r\n" + finish + "\r\n\r\ndata:[DONE]\r\n\r\n",
        text + "\r\r" + finish + "\r\rdata: [DONE]",
        text + "\n\n" + finish,
    ])
    func cutsDoNotMatter(_ stream: String) throws {
        // Reading JSON is slow, and the lines have been cut in three elsewhere.
        for pieces in EverySplit(stream.utf8) where pieces.count != 3 {
            let (chunks, failure) = try read("text/event-stream; charset=utf-8", pieces)
            #expect(chunks.compactMap(\.text) == ["é👩‍👧"] && failure == nil, "\(pieces)")
            #expect(chunks.count == 4)
            var grammar = ChunkGrammar()
            for chunk in chunks { try grammar.accept(chunk) }
            try grammar.acceptEnd()
        }
    }

    @Test(arguments: [
        (
            text + "\n\n" + #"data: {"error":{"message":"Gone."}}"# + "\n\n" + finish + "\n\n",
            GenerationError.Code.providerFailed
        ),
        (text + "\n\ndata: {\"choices\":[{\"del", .truncated),
        (text + "\n\ndata: [DONE]\n\n" + finish + "\n\n", .truncated),
    ])
    func whatCameBeforeAFailureIsWritten(_ stream: String, _ code: GenerationError.Code) throws {
        // Reading JSON is slow, and the lines have been cut in three elsewhere.
        for pieces in EverySplit(stream.utf8) where pieces.count != 3 {
            let (chunks, failure) = try read("text/event-stream", pieces)
            #expect(chunks.compactMap(\.text) == ["é👩‍👧"] && failure?.code == code, "\(pieces)")
        }
    }

    @Test func aWholeReplyIsBounded() throws {
        let half = [UInt8](repeating: 32, count: OpenAIAnswerReader.maxReplyLength / 2)
        let whole = Array(Transcript.reply.utf8)
        #expect(try read("application/json", [whole[...]]).failure == nil)
        #expect(try read("Application/JSON;charset=utf-8", [half[...], whole[...]]).failure == nil)
        let (chunks, failure) = try read("application/json", [half[...], half[...], [32]])
        #expect(chunks.isEmpty && failure?.code == .badResponse && failure?.message.contains("longer than") == true)
    }

    @Test(arguments: [nil, "", "text/html", "text/plain", "application/x-ndjson", "text/event-stream2", "/", ";"])
    func otherTypesAreRefused(_ type: String?) throws {
        let origin = try HTTPOrigin(url: "http://a")
        let error = #expect(throws: GenerationError.self) { try OpenAIAnswerReader(contentType: type, origin: origin) }
        #expect(error?.code == .badResponse && error?.message.contains("check the base URL") == true)
    }
}
