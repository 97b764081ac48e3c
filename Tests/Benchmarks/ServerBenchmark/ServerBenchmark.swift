import Foundation
import Freshet
import FreshetHTTP
import FreshetTestSupport

/// Prints what the HTTP server's core costs: processor time for one chunk of one stream and resident memory, with many
/// streams that each get a chunk of 200 bytes fifty times a second, as from an engine's batches; and how long after a
/// client's hang-up its request's task is cancelled.
///
/// The clients are another process, so that only the server's processor time counts.
@main
enum ServerBenchmark {
    private static let rounds = 250

    static func main() async throws {
        raiseDescriptorLimit()
        let arguments = CommandLine.arguments.dropFirst().compactMap { UInt16($0) }
        if arguments.count == 2 { return try Clients.run(port: arguments[0], count: Int(arguments[1])) }
        print("streams   µs of processor a chunk   resident MB")
        for count in [64, 512, 2000] {
            let (time, memory) = try await measureStreams(count)
            print(String(format: "%7d   %23.1f   %11.0f", count, time, memory))
        }
        let delays = try await measureHangUps().sorted()
        print(
            String(
                format: "hang-up to cancellation: median %.0f µs, 99 of 100 within %.0f µs", delays[delays.count / 2],
                delays[delays.count * 99 / 100]))
    }

    private static func measureStreams(_ count: Int) async throws -> (microseconds: Double, megabytes: Double) {
        let hub = Hub()
        var options = HTTPServerOptions()
        options.port = 0
        options.limits.connections = count
        let server = try HTTPServer.start(options) { _ in HTTPResponse(body: .stream { await hub.join($0) }) }
        let clients = Process()
        clients.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        clients.arguments = ["\(server.port)", "\(count)"]
        try clients.run()
        while await hub.count < count { try await Task.sleep(for: .milliseconds(20)) }
        let before = processorTime()
        for _ in 0..<rounds {
            let next = ContinuousClock.now + .milliseconds(20)
            await hub.write([UInt8](repeating: UInt8(ascii: "x"), count: 200))
            try await Task.sleep(until: next)
        }
        let time = (processorTime() - before) / Double(rounds * count) * 1e6
        let memory = try residentMegabytes()
        await hub.end()
        await server.shutDown(within: .seconds(10))
        clients.waitUntilExit()
        return (time, memory)
    }

    private static func measureHangUps() async throws -> [Double] {
        let (began, cancelled) = (AsyncStream<Void>.makeStream(), AsyncStream<ContinuousClock.Instant>.makeStream())
        var options = HTTPServerOptions()
        options.port = 0
        let server = try HTTPServer.start(options) { _ in
            await withTaskCancellationHandler {
                began.continuation.yield()
                try? await Task.sleep(for: .seconds(60))
            } onCancel: {
                cancelled.continuation.yield(.now)
            }
            return HTTPResponse(body: .whole([]))
        }
        var delays: [Double] = []
        var (begins, ends) = (began.stream.makeAsyncIterator(), cancelled.stream.makeAsyncIterator())
        for _ in 0..<500 {
            let client = try RawClient(port: server.port)
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await begins.next()
            let left = ContinuousClock.now
            client.close()
            if let end = await ends.next() { delays.append((end - left) / .microseconds(1)) }
        }
        await server.shutDown(within: .zero)
        return delays
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func residentMegabytes() throws -> Double {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Double(pages[1]) ?? .nan) * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
    }

    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }
}

/// The streams that run, each of which gets the same bytes.
private actor Hub {
    private var writers: [HTTPBodyWriter] = []
    private var waiting: [CheckedContinuation<Void, Never>] = []

    var count: Int { writers.count }

    func join(_ writer: HTTPBodyWriter) async {
        writers.append(writer)
        await withCheckedContinuation { waiting.append($0) }
    }

    func write(_ bytes: [UInt8]) async {
        for writer in writers { try? await writer.write(bytes) }
    }

    func end() {
        waiting.forEach { $0.resume() }
        waiting = []
        writers = []
    }
}
