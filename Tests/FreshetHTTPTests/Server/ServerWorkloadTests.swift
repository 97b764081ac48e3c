import Foundation
import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// Many clients at once, a good part of which leave.
@Suite(.timeLimit(.minutes(10))) struct ServerWorkloadTests {
    /// What one client does, and what it must see.
    private struct Plan: Sendable {
        /// Pieces that it asks for, and reads before it leaves; `nil` when it stays.
        let (pieces, leavesAfter): (Int, Int?)
        let manner: HangUpTests.Manner
        let requests: Int

        init(using random: inout SeededGenerator) {
            pieces = Int.random(in: 1...40, using: &random)
            leavesAfter = Bool.random(using: &random) ? Int.random(in: 0..<pieces, using: &random) : nil
            manner = HangUpTests.Manner.allCases.randomElement(using: &random) ?? .close
            requests = Int.random(in: 1...3, using: &random)
        }

        /// Whether it saw what it was to see.
        func follow(_ client: RawClient) throws -> Bool {
            let whole = (0..<pieces).map { "\($0);" }.joined()
            for number in 1...requests {
                try client.send("GET /stream?\(pieces) HTTP/1.1\r\nHost: a\r\n\r\n")
                if let leavesAfter, number == requests {
                    // The last pieces cannot have come before it leaves: the handler waits in between.
                    if leavesAfter > 0 { _ = try client.read(until: "\(leavesAfter - 1);") }
                    try manner.leave(client)
                    return true
                }
                guard try client.readResponse().body == whole else { return false }
            }
            return true
        }
    }

    @Test func everyHandlerEndsAndNothingIsLeftOpen() async throws {
        var random = SeededGenerator(seed: 7)
        let plans = (0..<200).map { _ in Plan(using: &random) }
        let (begun, outcomes) = (Counter(), Collected<HTTPOutcome>())
        var options = HTTPServerOptions()
        options.port = 0
        let server = try HTTPServer.start(options) { request in
            begun.add(1)
            return HTTPResponse(
                body: .stream { writer in
                    for number in 0..<(Int(request.query ?? "") ?? 0) {
                        try await writer.write(Array("\(number);".utf8))
                        try await Task.sleep(for: .milliseconds(1))
                    }
                }, onEnd: { outcomes.add($0) })
        }
        let port = server.port
        let correct = try await withThrowingTaskGroup(of: Bool.self) { group in
            for plan in plans { group.addTask { try await RawClient.talk(to: port) { try plan.follow($0) } } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(correct == plans.count)
        await server.shutDown(within: .seconds(480))

        let ends = await outcomes.rest()
        #expect(ends.count == begun.value)
        let stayed = plans.reduce(0) { $0 + $1.requests - ($1.leavesAfter == nil ? 0 : 1) }
        #expect(ends.count { $0 == .sent } >= stayed)
        #expect(ends.allSatisfy { $0 == .sent || $0 == .cut(.clientLeft) })
        #expect(try Self.socketsOpen(at: port) == 0)
    }

    @Test func startingAndStoppingLeavesNoDescriptors() async throws {
        let before = try Self.descriptors { $0.contains("[eventpoll]") || $0.contains("[eventfd]") }
        for _ in 0..<100 { try await withServer { _ in } }
        let after = try Self.descriptors { $0.contains("[eventpoll]") || $0.contains("[eventfd]") }
        // Other tests open some meanwhile; each of these servers had four.
        #expect(after - before < 100)
    }

    /// How many of this process's descriptors are links to what `isMeant` says.
    private static func descriptors(where isMeant: (String) -> Bool) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
            // One of them is the listing's own, and gone.
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")).map(isMeant) ?? false
        }
    }

    /// How many of this process's sockets have that port at either end.
    private static func socketsOpen(at port: UInt16) throws -> Int {
        let inodes = try ["tcp", "tcp6"].flatMap { table in
            try String(contentsOfFile: "/proc/self/net/\(table)", encoding: .utf8).split(separator: "\n").compactMap {
                line -> String? in
                let columns = line.split(separator: " ")
                let suffix = ":" + String(format: "%04X", Int(port))
                guard columns.count > 9, columns[1].hasSuffix(suffix) || columns[2].hasSuffix(suffix) else {
                    return nil
                }
                return "socket:[\(columns[9])]"
            }
        }
        return try descriptors { inodes.contains($0) }
    }
}
