import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Other processes on the same folder: killed at any moment, or without room to write.
@Suite struct PrefixProcessTests {
    /// A process that writes to a folder, and its standard output.
    private final class Child {
        private let process = Process()
        private let output = Pipe()

        /// The program, which the build puts beside the tests.
        private static let path: String = {
            let folders = [CommandLine.arguments[0], "/proc/self/exe"] + CommandLine.arguments
            return folders.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent() }
                .map { $0.appendingPathComponent("PrefixStoreProcess").path }
                .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "PrefixStoreProcess"
        }()

        /// - Parameter fileLength: how long a file can get.
        init(_ path: String, limit: Int, seed: UInt64, prompts: Int, fileLength: Int? = nil) throws {
            process.executableURL = URL(fileURLWithPath: Self.path)
            process.arguments = [path, "\(limit)", "\(seed)", "\(prompts)"] + (fileLength.map { ["\($0)"] } ?? [])
            process.standardOutput = output
            try process.run()
        }

        /// Waits for some lines of output.
        func lines(_ count: Int) -> [String] {
            var bytes = Data()
            while bytes.count(where: { $0 == 10 }) < count {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                bytes += more
            }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }

        func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

        /// Waits for its end; gives its status, or the signal that killed it, negated.
        func end() -> Int32 {
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }
    }

    @Test func aKillAtAnyMomentLeavesAGoodFolder() async throws {
        let fixture = PrefixFixture()
        var generator = SeededGenerator(seed: 9)
        for round in 0..<12 as Range<UInt64> {
            let lines = Int.random(in: 0...40, using: &generator)
            let (path, pause) = (fixture.path, UInt32.random(in: 0...3000, using: &generator))
            let statuses = try await DedicatedThread.value(named: "test-kill") { () throws(GenerationError) in
                Result { () -> [Int32] in
                    let children = try (0..<2).map {
                        try Child(path, limit: 30_000, seed: round * 2 + UInt64($0), prompts: .max)
                    }
                    _ = children[0].lines(lines)
                    usleep(pause)
                    children.forEach { $0.kill() }
                    return children.map { $0.end() }
                }
            }.get()
            #expect(statuses == [-SIGKILL, -SIGKILL])
            try await fixture.checkFolder(limit: 30_000)
        }
    }

    @Test func withoutRoomForAFileTheStoreGoesOn() async throws {
        let fixture = PrefixFixture()
        let path = fixture.path
        let (lines, status) = try await DedicatedThread.value(named: "test-room") { () throws(GenerationError) in
            Result {
                // Enough for some of the first blocks of a prompt.
                let child = try Child(path, limit: 30_000, seed: 1, prompts: 30, fileLength: 3550)
                return (child.lines(.max), child.end())
            }
        }.get()
        #expect(status == 0)
        let complaint = "The folder \(path) cannot keep prefixes: a file in it cannot be written: File too large."
        #expect(lines.contains(complaint) && lines.count(where: { $0.hasPrefix("[") }) == 30)
        #expect(!fixture.entries.isEmpty)
        try await fixture.checkFolder(limit: 30_000)
    }
}
