public import Freshet

/// The laws of the chunk protocol, stated once, for any provider and a request that it answers the same way each time.
///
/// ```swift
/// @Test(arguments: ProviderConformance.laws) func obeys(_ law: ProviderConformance.Law) async throws {
///     try await law.check(provider, request)
/// }
/// ```
public enum ProviderConformance {
    /// A law was broken.
    public struct Violation: Error, CustomStringConvertible {
        /// What was broken.
        public let description: String

        init(_ description: String) { self.description = description }
    }

    /// One law.
    public struct Law: Sendable, CustomStringConvertible {
        /// The law in a few words.
        public let description: String
        /// Throws a ``Violation``, or what the provider threw, when the law does not hold.
        public let check: @Sendable (any Provider, GenerationRequest) async throws -> Void
    }

    /// Every law for a request that is answered to its end.
    public static let laws = [
        Law(description: "chunks follow the grammar", check: followsGrammar),
        Law(description: "nothing follows the end", check: endsOnce),
        Law(description: "the whole is the fold", check: foldIsWhole),
        Law(description: "text is whole", check: textIsWhole),
        Law(description: "stops are clean", check: stopsAreClean),
        Law(description: "as many choices come as were asked for", check: everyChoiceComes),
        Law(description: "usage stands at the end", check: usageIsThere),
        Law(description: "log-probabilities tell every token of the text", check: logProbabilitiesAreTheText),
        Law(description: "a slow reader loses nothing", check: slowReaderLosesNothing),
        Law(description: "a reader that leaves cancels", check: leavingCancels),
        Law(description: "a cancelled task cancels", check: taskCancellationCancels),
        Law(description: "an invalid request is refused before the stream", check: invalidRequestIsRefused),
    ]

    /// Law 9, for a request that fails in mid-stream: the error carries what had been received, and reading on does
    /// not make the stream look finished.
    ///
    /// - Returns: the error, for what else a test wants of it.
    @discardableResult
    public static func failureKeepsPartialWork(
        _ provider: any Provider, _ request: GenerationRequest
    ) async throws -> GenerationError {
        let iterator = try await provider.stream(request).makeAsyncIterator()
        var fold = Reply()
        do {
            while let chunk = try await iterator.next() { fold.append(chunk) }
        } catch {
            try require(error.partial == fold, "the error's partial reply is not what was received")
            do {
                let more = try await iterator.next()
                throw Violation("after the failure came \(String(describing: more))")
            } catch let again as GenerationError {
                try require(again.code == error.code, "the second read threw \(again.code.rawValue)")
            }
            return error
        }
        throw Violation("the stream did not fail")
    }

    private static func require(_ condition: Bool, _ complaint: @autoclosure () -> String) throws {
        if !condition { throw Violation(complaint()) }
    }

    /// Whether two replies have the same choices. The last bits of log-probabilities depend on what else was computed.
    private static func isSameAnswer(_ one: Reply, _ other: Reply) -> Bool {
        func plain(_ choice: Reply.Choice) -> Reply.Choice {
            var choice = choice
            choice.logProbabilities = choice.logProbabilities.map(\.withoutLogarithms)
            return choice
        }
        return one.choices.map(plain) == other.choices.map(plain)
    }

    @Sendable private static func followsGrammar(_ provider: any Provider, _ request: GenerationRequest) async throws {
        var grammar = ChunkGrammar()
        for try await chunk in try await provider.stream(request) { try grammar.accept(chunk) }
        try grammar.acceptEnd()
    }

    @Sendable private static func endsOnce(_ provider: any Provider, _ request: GenerationRequest) async throws {
        let iterator = try await provider.stream(request).makeAsyncIterator()
        while let chunk = try await iterator.next() {
            guard case .end = chunk.content else { continue }
            for _ in 0..<3 { try require(try await iterator.next() == nil, "a chunk came after the end") }
            return
        }
        throw Violation("the stream finished without an end")
    }

    @Sendable private static func foldIsWhole(_ provider: any Provider, _ request: GenerationRequest) async throws {
        let iterator = try await provider.stream(request).makeAsyncIterator()
        var fold = Reply()
        while let chunk = try await iterator.next() {
            fold.append(chunk)
            try require(iterator.reply == fold, "the running reply is not the fold so far")
        }
        let whole = try await provider.reply(to: request)
        try require(isSameAnswer(fold, whole), "the stream says \(fold.choices), the whole \(whole.choices)")
        try require(
            fold.usage?.completionTokens == whole.usage?.completionTokens
                && fold.usage?.promptTokens == whole.usage?.promptTokens, "usage differs")
    }

    @Sendable private static func textIsWhole(_ provider: any Provider, _ request: GenerationRequest) async throws {
        let iterator = try await provider.stream(request).makeAsyncIterator()
        var bytes: [Int: [UInt8]] = [:]
        while let chunk = try await iterator.next() {
            guard let text = chunk.text else { continue }
            try require(!text.isEmpty, "an empty piece of text")
            bytes[chunk.index, default: []] += text.utf8
        }
        for choice in iterator.reply.choices {
            try require(
                Array(choice.text.utf8) == bytes[choice.index] ?? [], "the text of \(choice.index) is not its pieces")
            for run in choice.finish?.undecodable ?? [] {
                try require(run.offset >= 0 && !run.bytes.isEmpty, "an undecodable run of nothing")
                try require(String(validating: run.bytes, as: UTF8.self) == nil, "\(run.bytes) could have been decoded")
            }
        }
    }

    @Sendable private static func everyChoiceComes(_ provider: any Provider, _ request: GenerationRequest) async throws
    {
        let choices = try await provider.reply(to: request).choices
        try require(
            choices.map(\.index) == Array(0..<request.choiceCount),
            "\(request.choiceCount) choices were asked for, and \(choices.map(\.index)) came")
        try require(choices.allSatisfy { $0.finish != nil }, "a choice has no finish")
    }

    @Sendable private static func stopsAreClean(_ provider: any Provider, _ request: GenerationRequest) async throws {
        for choice in try await provider.reply(to: request).choices {
            for stop in request.stop {
                let found = choice.text.utf8.indices.contains { choice.text.utf8[$0...].starts(with: stop.utf8) }
                try require(!found, "the text holds the stop sequence \(stop.debugDescription)")
            }
            guard let stop = choice.finish?.stopSequence else { continue }
            try require(request.stop.contains(stop), "ended by \(stop.debugDescription), which was not asked for")
            try require(choice.finish?.reason == .stop, "a stop sequence ended it, but the reason is not stop")
        }
    }

    @Sendable private static func usageIsThere(_ provider: any Provider, _ request: GenerationRequest) async throws {
        guard let usage = try await provider.reply(to: request).usage else { throw Violation("there is no usage") }
        try require(usage.promptTokens >= 0 && 0...usage.promptTokens ~= usage.cachedTokens, "\(usage)")
        try require(usage.completionTokens >= 0, "\(usage)")
        if let most = request.maxTokens {
            try require(usage.completionTokens <= most * request.choiceCount, "\(usage), but at most \(most) a choice")
        }
    }

    @Sendable private static func logProbabilitiesAreTheText(
        _ provider: any Provider, _ request: GenerationRequest
    ) async throws {
        let iterator = try await provider.stream(request).makeAsyncIterator()
        var bytes: [Int: [UInt8]] = [:]
        while let chunk = try await iterator.next() {
            guard case .logProbabilities(let entries) = chunk.content else { continue }
            try require(request.logProbabilities != nil, "log-probabilities came that nobody asked for")
            for entry in entries {
                bytes[chunk.index, default: []] += entry.token.bytes
                try require(entry.top.count == request.logProbabilities, "\(entry.top.count) candidates")
                let logarithms = entry.top.map(\.logProbability)
                try require(
                    logarithms.allSatisfy { $0 <= 0 } && logarithms == logarithms.sorted(by: >),
                    "the candidates are not in order: \(entry.top)")
            }
        }
        guard request.logProbabilities != nil else { return }
        var entryCount = 0
        for choice in iterator.reply.choices {
            var assembler = UTF8Assembler()
            let text = assembler.append(bytes[choice.index] ?? [])
            // The last token may go on into the stop sequence.
            let isWhole = choice.finish?.stopSequence == nil ? text == choice.text : text.hasPrefix(choice.text)
            try require(isWhole, "the tokens say \(text.debugDescription), the text \(choice.text.debugDescription)")
            entryCount += choice.logProbabilities.count
        }
        let finishes = iterator.reply.choices.compactMap(\.finish)
        guard finishes.allSatisfy({ $0.stopSequence == nil }) else { return }
        // A token that ends the generation is counted, and is no part of the answer.
        let ends = finishes.count { $0.reason == .stop }
        try require(
            entryCount + ends == iterator.reply.usage?.completionTokens, "\(entryCount) tokens were told of")
    }

    @Sendable private static func slowReaderLosesNothing(
        _ provider: any Provider, _ request: GenerationRequest
    ) async throws {
        let iterator = try await provider.stream(request).makeAsyncIterator()
        while try await iterator.next() != nil { for _ in 0..<8 { await Task.yield() } }
        let fast = try await provider.reply(to: request)
        try require(isSameAnswer(iterator.reply, fast), "a slow reader got another answer")
    }

    @Sendable private static func leavingCancels(_ provider: any Provider, _ request: GenerationRequest) async throws {
        do { _ = try await provider.stream(request) }
        for try await _ in try await provider.stream(request) { break }

        let stream = try await provider.stream(request)
        let iterator = stream.makeAsyncIterator()
        _ = try await iterator.next()
        stream.cancel()
        do {
            while try await iterator.next() != nil {}
        } catch {
            try require(error.code == .cancelled, "a cancelled stream failed as \(error.code.rawValue)")
            try require(error.partial == iterator.reply, "cancellation lost what had been received")
        }
        // Whoever left holds nothing up.
        _ = try await provider.reply(to: request)
    }

    @Sendable private static func taskCancellationCancels(
        _ provider: any Provider, _ request: GenerationRequest
    ) async throws {
        let stream = try await provider.stream(request)
        let reader = Task { () async throws -> Reply in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await stream.collect()
        }
        do {
            // A provider that had written everything before the reader began has nothing to cancel.
            try require(try await reader.value.finish != nil, "a cancelled stream looks finished")
        } catch let error as GenerationError {
            try require(error.code == .cancelled, "a cancelled task failed as \(error.code.rawValue)")
        }
        _ = try await provider.reply(to: request)
    }

    @Sendable private static func invalidRequestIsRefused(
        _ provider: any Provider, _ request: GenerationRequest
    ) async throws {
        var invalid = request
        invalid.sampling.temperature = -1
        do {
            _ = try await provider.stream(invalid)
        } catch {
            try require(error.code == .invalidRequest && error.parameter == "temperature", "refused as \(error)")
            return
        }
        throw Violation("a temperature of -1 was accepted")
    }
}

extension TokenLogProbability {
    /// The token that it is of, and nothing else.
    public var withoutLogarithms: TokenLogProbability {
        TokenLogProbability(token: Candidate(bytes: token.bytes, logProbability: 0))
    }
}
