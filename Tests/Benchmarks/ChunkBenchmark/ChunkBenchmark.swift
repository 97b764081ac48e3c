import BenchmarkTurns
import Freshet
import FreshetHTTP

/// Prints what one chunk costs on its way: written as JSON and as a server-sent event, read back, and handed from a
/// stream's writer to its reader, both on one thread.
@main
enum ChunkBenchmark {
    /// How many chunks one call of a piece of work handles.
    static let batch = 64

    static func main() async {
        let chunks = pieces(of: ["Once", " upon", " a", " time", ", there", " was", " a", " dragon", ".\n"])
        let foreign = pieces(of: ["Es", " war", " ein", "mal", " é", "日本", "🍋", " übér", "\"\\\n"])
        let works: [(name: String, work: () async -> Int)] = [
            ("text as a chat.completion.chunk", encoding(chunks)),
            ("the same, beyond ASCII", encoding(foreign)),
            ("text as a text_completion", encoding(chunks, for: .completions)),
            ("text as a server-sent event", encoding(chunks, asEvents: true)),
            ("an event's JSON read back", decoding(chunks)),
            ("the same, beyond ASCII", decoding(foreign)),
            ("the event's bytes read back", decodingEvents(chunks)),
            ("through a stream, one at a time", passing(chunks, together: 1)),
            ("through a stream, \(batch) at a time", passing(chunks, together: batch)),
        ]
        print("Time of one chunk in microseconds: the median of \(Turns.count) turns (the middle half of them).")
        let results = await Turns.measure(works.map(\.work))
        for ((name, _), turns) in zip(works, results) {
            print(Turns.row([(name, 36), (turns.summary(digits: 3), 0)]))
        }
    }

    private static func pieces(of words: [String]) -> [Chunk] {
        (0..<batch).map { place in
            Chunk(
                id: "chatcmpl-0123456789abcdef0123456789", created: 1_750_000_000, model: "freshet-default",
                content: .text(words[place % words.count]))
        }
    }

    /// Writes chunks into buffers that are used again, as the server does: one for each chunk's JSON, and one for the
    /// events of all.
    private static func encoding(
        _ chunks: [Chunk], for endpoint: OpenAIEndpoint = .chatCompletions, asEvents: Bool = false
    ) -> () -> Int {
        var encoder = OpenAIChunkEncoder(for: endpoint)
        var (json, events): ([UInt8], [UInt8]) = ([], [])
        return {
            events.removeAll(keepingCapacity: true)
            for chunk in chunks {
                json.removeAll(keepingCapacity: true)
                encoder.append(chunk, to: &json)
                if asEvents { SSEEncoder.append(json, to: &events) }
            }
            return chunks.count
        }
    }

    private static func decoding(_ chunks: [Chunk]) -> () -> Int {
        let events = written(chunks)
        return {
            var decoder = OpenAIChunkDecoder()
            for event in events { check((try? decoder.decode(event)) != nil) }
            return events.count
        }
    }

    private static func decodingEvents(_ chunks: [Chunk]) -> () -> Int {
        var bytes: [UInt8] = []
        for json in written(chunks) { SSEEncoder.append(json, to: &bytes) }
        return {
            var (reader, decoder) = (SSEDecoder(), OpenAIChunkDecoder())
            var events: [SSEEvent] = []
            check((try? reader.append(bytes, to: &events)) != nil && events.count == chunks.count)
            for event in events { check((try? decoder.decode(event.data)) != nil) }
            return events.count
        }
    }

    private static func written(_ chunks: [Chunk]) -> [[UInt8]] {
        var encoder = OpenAIChunkEncoder()
        return chunks.map { chunk in
            var json: [UInt8] = []
            encoder.append(chunk, to: &json)
            return json
        }
    }

    /// Writes some chunks and then reads them.
    private static func passing(_ chunks: [Chunk], together count: Int) -> () async -> Int {
        let (stream, writer) = ChunkStream.makeStream(capacity: batch)
        let reader = stream.makeAsyncIterator()
        return {
            for start in stride(from: 0, to: chunks.count, by: count) {
                for chunk in chunks[start..<start + count] { writer.write(chunk) }
                for _ in 0..<count { check((try? await reader.next()) != nil) }
            }
            return chunks.count
        }
    }

    private static func check(_ isRight: Bool) {
        // A figure for work that was not done would be none.
        precondition(isRight, "a chunk was lost")
    }
}
