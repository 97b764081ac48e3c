import Freshet
import FreshetBench
import Testing

/// What servers are asked.
struct PromptsTests {
    @Test func promptsHaveTheirLengthAndBeginDifferently() throws {
        var prompts = Prompts(Manner(.tokens), seed: 3)
        var again = prompts
        var other = Prompts(Manner(.tokens), seed: 4)
        var beginnings: Set<[Token]> = []
        for length in [4, 17, 600] {
            let content = prompts.next(length)
            guard case .tokens(let tokens) = prompts.prompt(content) else { return #expect(Bool(false)) }
            #expect(tokens.count == length && tokens.allSatisfy { 300..<1000 ~= $0 })
            #expect(again.next(length) == content)
            beginnings.insert(Array(tokens.prefix(4)))
            guard case .tokens(let others) = other.prompt(other.next(length)) else { return #expect(Bool(false)) }
            beginnings.insert(Array(others.prefix(4)))
        }
        #expect(beginnings.count == 6)
    }

    @Test func aPromptCanBeginLikeAnother() {
        var prompts = Prompts(Manner(.tokens), seed: 1)
        let (one, two) = (prompts.next(5), prompts.next(3))
        guard case .tokens(let first) = prompts.prompt(one), case .tokens(let both) = prompts.prompt(one + two) else {
            return #expect(Bool(false))
        }
        #expect(both.count == 8 && Array(both.prefix(5)) == first)
    }

    @Test func wordsAreOnePerToken() {
        var prompts = Prompts(Manner(.text), seed: 1)
        let content = prompts.next(20)
        guard case .text(let text) = prompts.prompt(content) else { return #expect(Bool(false)) }
        #expect(text.split(separator: " ").count == 20)
        let conversation = Prompts(Manner(.messages), seed: 1).prompt(content)
        #expect(conversation == .messages([Message(role: .user, content: text)]))
    }
}

/// How the way to ask is found.
struct MannerTests {
    /// A server that takes only some prompts.
    private struct Choosy: Provider {
        let model = "choosy"
        var kind: Prompts.Kind
        var knowsIgnoring: Bool
        var refusal = GenerationError.Code.invalidRequest

        func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
            let isTaken =
                switch request.prompt {
                case .tokens: kind == .tokens
                case .text: kind == .text || kind == .tokens
                case .messages: true
                }
            guard isTaken, knowsIgnoring || !request.sampling.ignoresEndOfGeneration else {
                throw GenerationError(refusal, "Not so.")
            }
            return try await ScriptedAnswer.stream(request)
        }
    }

    @Test(
        arguments: [
            ([.tokens], true, Manner(.tokens)), ([.tokens, .text], true, Manner(.text)),
            ([.messages, .tokens], true, Manner(.messages)), ([.messages], false, Manner(.messages, ignoresEnd: false)),
        ] as [([Prompts.Kind], Bool, Manner)])
    func allUnderstandIt(kinds: [Prompts.Kind], knowsIgnoring: Bool, manner: Manner) async throws {
        let providers = kinds.map { Choosy(kind: $0, knowsIgnoring: knowsIgnoring) }
        #expect(try await Manner.settle(for: providers) == manner)
    }

    @Test func whatAnotherMannerWouldNotMendIsThrown() async {
        let provider = Choosy(kind: .messages, knowsIgnoring: false, refusal: .unreachable)
        let error = await #expect(throws: GenerationError.self) { try await Manner.settle(for: [provider]) }
        #expect(error?.code == .unreachable)
    }
}
