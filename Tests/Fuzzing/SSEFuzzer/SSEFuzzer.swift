import Foundation
import FreshetHTTP
import FreshetTestSupport

/// What must hold for any stream of server-sent events. The first byte of the input chooses the bounds, and where it is
/// cut.
struct SSEFuzzer {
    private let stream: [UInt8]
    private let choice: UInt8

    init(_ input: [UInt8]) {
        choice = input.first ?? 0
        stream = Array(input.dropFirst())
    }

    /// Stops the process at the first broken promise.
    func check() {
        let bounds = choice % 2 == 0 ? (line: 4096, event: 1 << 16) : (line: 24, event: 40)
        let whole = read([stream[...]], bounds)
        require(whole == model(stream, bounds), "the whole is what the standard says")
        require(whole.events.allSatisfy { $0.data.count <= bounds.event }, "events are bounded")
        require(read(cuts(), bounds) == whole, "cuts don't matter")
        require(read(stream.indices.map { stream[$0...$0] }, bounds) == whole, "single bytes don't matter")

        let unbounded = (line: Int.max, event: Int.max)
        let free = read([stream[...]], unbounded)
        if !stream.contains(13) {
            for end: [UInt8] in [[13], [13, 10]] {
                let other = stream.flatMap { $0 == 10 ? end : [$0] }
                require(read([other[...]], unbounded) == free, "LF, CR and CRLF are the same")
            }
        }
        if !stream.starts(with: Self.mark) {
            require(read([Self.mark[...], stream[...]], unbounded) == free, "a byte order mark changes nothing")
        }
        encodeAndDecode()
    }

    /// What a decoder made of a stream.
    private struct Reading: Equatable {
        var events: [SSEEvent] = []
        var retry: Duration?
        var isFailed = false
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private func read(_ pieces: [ArraySlice<UInt8>], _ bounds: (line: Int, event: Int)) -> Reading {
        var decoder = SSEDecoder(maxLineLength: bounds.line, maxEventLength: bounds.event)
        var reading = Reading()
        do {
            for piece in pieces { try decoder.append(piece, to: &reading.events) }
            let retry = decoder.retryDelay
            if let last = try decoder.finish() { reading.events.append(last) }
            reading.retry = retry
        } catch {
            reading.isFailed = true
        }
        return reading
    }

    private func model(_ bytes: [UInt8], _ bounds: (line: Int, event: Int)) -> Reading {
        let model = SSEModel(bytes, maxLineLength: bounds.line, maxEventLength: bounds.event)
        // A `retry:` may stand in a last line without its end, which is read only when the stream is over.
        let ended = bytes.lastIndex { $0 == 10 || $0 == 13 }.map { Array(bytes[...$0]) } ?? []
        let retry = model.isFailed ? nil : SSEModel(ended).retry.map { Duration.milliseconds($0) }
        return Reading(events: model.events, retry: retry, isFailed: model.isFailed)
    }

    private func cuts() -> [ArraySlice<UInt8>] {
        var generator = SeededGenerator(seed: UInt64(choice) << 32 | UInt64(stream.count))
        var places = (0..<Int(choice / 16)).map { _ in Int.random(in: 0...stream.count, using: &generator) }
        places = [0] + places.sorted() + [stream.count]
        return zip(places, places.dropFirst()).map { stream[$0..<$1] }
    }

    /// What the encoder writes is read as one event of the same data, up to the kind of its line ends.
    private func encodeAndDecode() {
        var wire: [UInt8] = []
        SSEEncoder.append(stream, to: &wire)
        var data: [UInt8] = []
        for (place, byte) in stream.enumerated() where !(byte == 10 && place > 0 && stream[place - 1] == 13) {
            data.append(byte == 13 ? 10 : byte)
        }
        let reading = read([wire[...]], (line: Int.max, event: Int.max))
        require(reading == Reading(events: [SSEEvent(data: data)]), "what is encoded is decoded")
    }

    private func require(_ condition: Bool, _ promise: String) {
        if !condition { fatalError("broken: \(promise), by \([choice] + stream)") }
    }
}

/// libFuzzer's door.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    SSEFuzzer(Array(UnsafeBufferPointer(start: bytes, count: count))).check()
    return 0
}

#if !FUZZING
    /// Without libFuzzer, which brings a `main` of its own, the program checks the inputs in the files that it is
    /// given.
    @main struct Replay {
        static func main() throws {
            for path in CommandLine.arguments.dropFirst() {
                SSEFuzzer(Array(try Data(contentsOf: URL(fileURLWithPath: path)))).check()
            }
        }
    }
#endif
