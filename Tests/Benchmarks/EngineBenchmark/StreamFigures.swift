import Freshet

extension Arena {
    /// Tokens a second of all streams together: prompts that are all sent at once, each answered with 64 tokens. Either
    /// no two begin alike, or all begin with the same 256 tokens, as a service's prompts do.
    func measureStreams() async throws -> [Comparison] {
        try await withServers(slots: 16, context: 512) { pair in
            var lines: [Comparison] = []
            for (count, shared) in [(1, 0), (8, 0), (16, 0), (8, 256), (16, 256)] {
                let (ours, theirs) = try await alternate(pair) { server, round in
                    var prompts = Prompts(seed: UInt64(1000 * shared + 100 * count + round))
                    let beginning = prompts.next(shared)
                    return try await Self.speed(
                        of: server.client, (0..<count).map { _ in beginning + prompts.next(48) })
                }
                let kind = shared > 0 ? ", one beginning" : ""
                lines.append(
                    Comparison(
                        name: "\(count) stream\(count == 1 ? "" : "s")\(kind), tokens a second", ours: ours,
                        theirs: theirs, digits: 1, goal: count == 1 ? "–" : "ratio ≥ 1.1"))
            }
            return lines
        }
    }

    private static func speed(of client: StreamClient, _ prompts: [[Token]]) async throws -> Double {
        let start = ContinuousClock.now
        let answers = try await all(prompts, of: client, tokens: 64)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return Double(answers.reduce(0) { $0 + ($1.usage?.completionTokens ?? 0) }) / seconds
    }

    /// The answers to prompts that are all sent at once.
    private static func all(
        _ prompts: [[Token]], of client: StreamClient, tokens: Int
    ) async throws -> [StreamClient.Answer] {
        try await withThrowingTaskGroup(of: StreamClient.Answer.self) { group in
            for prompt in prompts { group.addTask { try await client.ask(prompt, tokens: tokens) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Resident memory with 8 slots after a prompt and an answer in each.
    func measureMemory() async throws -> [Comparison] {
        try await withServers(slots: 8, context: 2048) { pair in
            let (ours, theirs) = try await alternate(pair) { server, round in
                var prompts = Prompts(seed: UInt64(round))
                _ = try await Self.all((0..<8).map { _ in prompts.next(512) }, of: server.client, tokens: 32)
                return try server.residentBytes() / 1e6
            }
            return [
                Comparison(
                    name: "8 slots of 2,048 tokens, resident MB", ours: ours, theirs: theirs, goal: "ratio ≤ 1.0")
            ]
        }
    }

    /// A prompt of 1,500 tokens, then 8 others, then the first again with a little more at its end.
    func measurePrefix() async throws -> [Comparison] {
        try await withServers(slots: 8, context: 4096) { pair in
            let (ours, theirs) = try await alternate(pair) { server, round in
                var prompts = Prompts(seed: UInt64(round))
                let prefix = prompts.next(1500)
                let cold = try await server.client.ask(prefix, tokens: 2).firstToken
                _ = try await Self.all((0..<8).map { _ in prompts.next(200) }, of: server.client, tokens: 16)
                let back = try await server.client.ask(prefix + prompts.next(8), tokens: 2).firstToken
                return (cold, back)
            }
            return [
                Comparison(
                    name: "1,500 tokens cold, first token in ms", ours: ours.map(\.0), theirs: theirs.map(\.0),
                    goal: "–"),
                Comparison(
                    name: "the same after 8 others, % of cold", ours: ours.map { 100 * $0.1 / $0.0 },
                    theirs: theirs.map { 100 * $0.1 / $0.0 }, digits: 1, goal: "≤ 5 %"),
            ]
        }
    }

    /// A prompt of 1,500 tokens, computed by one process and asked of the next, which has the folder of the first.
    /// llama-server keeps nothing by itself.
    func measureRestart() async throws -> [Comparison] {
        var shares: [Double] = []
        for round in 0..<options.rounds {
            var prompts = Prompts(seed: UInt64(round))
            let prefix = prompts.next(1500)
            let folder = try makeFolder()
            let before = try await start(.freshet, slots: 4, context: 4096, cache: folder)
            let cold = try await before.client.ask(prefix, tokens: 2).firstToken
            await before.end()
            let after = try await start(.freshet, slots: 4, context: 4096, cache: folder)
            let back = try await after.client.ask(prefix + prompts.next(8), tokens: 2).firstToken
            await after.stop()
            shares.append(100 * back / cold)
        }
        return [Comparison(name: "the same after a restart, % of cold", ours: shares, digits: 1, goal: "≤ 15 %")]
    }
}
