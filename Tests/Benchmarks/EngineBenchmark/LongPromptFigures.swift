import Freshet

extension Arena {
    /// Three running streams while a prompt of 2,000 tokens arrives: the longest gap that one of them sees until the
    /// newcomer's first token, and how long that takes.
    func measureGap() async throws -> [Comparison] {
        try await withServers(slots: 4, context: 4096) { pair in
            let (ours, theirs) = try await alternate(pair) { server, round in
                try await Self.disturb(server.client, round: round)
            }
            return [
                Comparison(
                    name: "3 streams, usual gap in ms", ours: ours.map(\.usual), theirs: theirs.map(\.usual), goal: "–"),
                Comparison(
                    name: "beside a 2,000-token prompt, longest", ours: ours.map(\.longest),
                    theirs: theirs.map(\.longest), goal: "≤ 150 ms"),
                Comparison(
                    name: "the newcomer's first token, ms", ours: ours.map(\.newcomer), theirs: theirs.map(\.newcomer),
                    goal: "ratio ≤ 1.2"),
            ]
        }
    }

    private typealias Disturbance = (usual: Double, longest: Double, newcomer: Double)

    private static func disturb(_ client: StreamClient, round: Int) async throws -> Disturbance {
        var prompts = Prompts(seed: UInt64(round))
        let runners = (0..<3).map { _ in (prompt: prompts.next(32), log: PieceLog()) }
        let running = runners.map { prompt, log in
            Task {
                defer { log.end() }
                _ = try await client.ask(prompt, tokens: 3000, log: log)
            }
        }
        defer { running.forEach { $0.cancel() } }
        for runner in runners { try await runner.log.wait(for: 24) }
        let newcomer = try await client.ask(prompts.next(2000), tokens: 4)
        let end = newcomer.start + .milliseconds(newcomer.firstToken)
        // The gap in which the first token fell is over with the next piece of each.
        for runner in runners { try await runner.log.wait(for: runner.log.pieces.count + 2) }
        var (usual, longest): ([Double], Double) = ([], 0)
        for runner in runners {
            let pieces = runner.log.pieces
            for (one, next) in zip(pieces, pieces.dropFirst()) {
                let gap = (next - one).milliseconds
                if next < newcomer.start {
                    usual.append(gap)
                } else if one < end {
                    longest = max(longest, gap)
                }
            }
        }
        running.forEach { $0.cancel() }
        for task in running { _ = await task.result }
        return (usual.sorted()[usual.count / 2], longest, newcomer.firstToken)
    }

    /// A client leaves half a second after it sent a prompt of 3,000 tokens; another then sends 16.
    func measureCancel() async throws -> [Comparison] {
        try await withServers(slots: 4, context: 4096) { pair in
            let (ours, theirs) = try await alternate(pair) { server, round in
                var prompts = Prompts(seed: UInt64(round))
                let (long, short) = (prompts.next(3000), prompts.next(16))
                let leaving = Task { try await server.client.ask(long, tokens: 8) }
                try await Task.sleep(for: .milliseconds(500))
                leaving.cancel()
                let first = try await server.client.ask(short, tokens: 2).firstToken
                _ = await leaving.result
                return first
            }
            return [
                Comparison(
                    name: "after a client left a prompt, first token ms", ours: ours, theirs: theirs,
                    goal: "≤ 100 ms")
            ]
        }
    }
}
