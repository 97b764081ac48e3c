import Foundation
import Testing

@testable import FreshetCLI

struct LogWriterTests {
    /// Everything that is written to a pipe's other end.
    private static func written(
        capacity: Int, readsFirst: Bool, _ write: (LogWriter) -> Void
    ) async throws -> [Substring] {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let log = try LogWriter(to: Output(descriptor: ends[1], signals: Signals()), capacity: capacity)
        let reading = {
            Task.detached {
                await withCheckedContinuation { continuation in
                    Thread.detachNewThread { continuation.resume(returning: reader.readDataToEndOfFile()) }
                }
            }
        }
        // Writing must not wait for a reader.
        var task = readsFirst ? reading() : nil
        write(log)
        task = task ?? reading()
        await log.close()
        close(ends[1])
        return String(decoding: await task!.value, as: UTF8.self).split(separator: "\n")
    }

    @Test func everyLineComesInItsOrder() async throws {
        let lines = (0..<1000).map { "line \($0)" }
        let written = try await Self.written(capacity: 1000, readsFirst: true) { log in lines.forEach(log.write) }
        #expect(written.map(String.init) == lines)
    }

    /// A reader that does not read costs lines, which are counted, and never makes a writer wait.
    @Test func whatNobodyTakesIsDroppedAndCounted() async throws {
        let count = 20_000
        let padding = String(repeating: ".", count: 80)
        let written = try await Self.written(capacity: 50, readsFirst: false) { log in
            for number in 0..<count { log.write("\(number) \(padding)") }
        }
        let numbers = written.filter { $0.hasSuffix(padding) }.compactMap { Int($0.prefix { $0.isNumber }) }
        let dropped = written.filter { $0.contains("dropped") }.compactMap { Int($0.prefix { $0.isNumber }) }
        #expect(numbers == numbers.sorted() && numbers.first == 0)
        #expect(dropped.reduce(numbers.count, +) == count && !dropped.isEmpty)
    }
}
