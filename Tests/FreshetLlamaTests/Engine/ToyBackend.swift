import Freshet
import Synchronization
import Testing

@testable import FreshetLlama

/// A model whose next token is a hash of everything its sequence holds, so that any mistake in the memory shows in the
/// text. Tokens 0…255 are bytes; 256 ends generation.
final class ToyBackend: Backend {
    static let endOfGeneration: Token = 256

    /// How the toy behaves, and what a test sees of it from another thread.
    final class Script: Sendable {
        let contextLength: Int
        /// Tokens of a generation after which the end follows.
        let answerLength: Int
        let batchCapacity: Int
        /// Sequences that run side by side; there is memory for a whole context of each.
        let slotCount: Int
        let isTrimmable: Bool
        let canShift: Bool
        /// Called before each token of a decode; throw to fail it.
        let onToken: @Sendable (Token) throws(GenerationError) -> Void
        /// The bytes to answer with, in order; the hash decides when there are none.
        let bytes: [UInt8]
        /// The bytes of tokens that are not their own number.
        let pieces: [Token: [UInt8]]
        /// Called with all tokens of a sequence after which logits are wanted: what is given in their place, which may
        /// be nothing. `nil` leaves them as they are.
        let logits: @Sendable ([Token]) -> [Float]?
        /// Called before a state is put back.
        let onLoad: @Sendable () -> Void
        /// Called before a batch is computed.
        let onDecode: @Sendable () -> Void
        /// Tokens computed so far.
        let computed = Atomic(0)
        /// States taken out so far.
        let saved = Atomic(0)

        init(
            contextLength: Int = 128, answerLength: Int = 20, batchCapacity: Int = 8, slotCount: Int = 8,
            isTrimmable: Bool = true, canShift: Bool = true, bytes: [UInt8] = [],
            pieces: [Token: [UInt8]] = [:],
            onToken: @escaping @Sendable (Token) throws(GenerationError) -> Void = { _ in },
            logits: @escaping @Sendable ([Token]) -> [Float]? = { _ in nil },
            onLoad: @escaping @Sendable () -> Void = {}, onDecode: @escaping @Sendable () -> Void = {}
        ) {
            self.contextLength = contextLength
            self.answerLength = answerLength
            self.batchCapacity = batchCapacity
            self.slotCount = slotCount
            self.isTrimmable = isTrimmable
            self.canShift = canShift
            self.bytes = bytes
            self.pieces = pieces
            self.logits = logits
            self.onLoad = onLoad
            self.onDecode = onDecode
            self.onToken = onToken
        }

        /// The token that follows, by the definition of the toy.
        func next(after tokens: some Sequence<Token>, promptCount: Int) -> Token {
            let tokens = Array(tokens)
            let generated = tokens.count - promptCount
            if generated >= (bytes.isEmpty ? answerLength : bytes.count) { return ToyBackend.endOfGeneration }
            if !bytes.isEmpty { return Token(bytes[generated]) }
            var hash: UInt64 = 14_695_981_039_346_656_037
            for token in tokens { hash = (hash ^ UInt64(UInt32(bitPattern: token))) &* 1_099_511_628_211 }
            return Token(97 + hash % 26)
        }

        /// What a prompt of lower-case text is answered with when nothing else goes on.
        func answer(to prompt: String, maxTokens: Int = .max) -> String {
            var tokens = prompt.utf8.map { Token($0) }
            let promptCount = tokens.count
            while tokens.count - promptCount < maxTokens, tokens.count <= contextLength {
                let token = next(after: tokens, promptCount: promptCount)
                if token == ToyBackend.endOfGeneration { break }
                tokens.append(token)
            }
            return String(decoding: tokens[promptCount...].map { UInt8($0) }, as: UTF8.self)
        }
    }

    let script: Script
    let vocabularySize = 257
    var contextLength: Int { script.contextLength }
    var batchCapacity: Int { script.batchCapacity }
    var endOfGeneration: [Token] { [Self.endOfGeneration] }
    var capacity: Int { script.contextLength * script.slotCount }
    var sequenceCount: Int { 2 * script.slotCount }
    var isTrimmable: Bool { script.isTrimmable }
    var canShift: Bool { script.canShift }
    var outputCapacity: Int { sequenceCount + 1 }
    var canRetract: Bool { script.isTrimmable }
    /// What each sequence holds, in order. A cell may be shared.
    private var memory: [Int32: [Cell]] = [:]
    private var rows: [Int: [Float]] = [:]
    /// One token in memory.
    private final class Cell {
        let token: Token
        init(_ token: Token) { self.token = token }
    }

    private var pinned: [UnsafeMutableBufferPointer<Float>] = []

    init(_ script: Script) { self.script = script }

    deinit { pinned.forEach { $0.deallocate() } }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        rows = [:]
        script.onDecode()
        let used = Set(memory.values.joined().map { ObjectIdentifier($0) }).count
        guard used + batch.count <= capacity else { return .noRoom }
        for index in 0..<batch.count {
            if shouldInterrupt() {
                // As llama.cpp does, which moves recurrent states of any sequence while it computes.
                if !isTrimmable { memory = memory.mapValues { $0.map { _ in Cell(0) } } }
                return .interrupted
            }
            try script.onToken(batch.tokens[index])
            let sequence = batch.sequences[index]
            precondition(Int(batch.positions[index]) == memory[sequence, default: []].count, "a hole in the memory")
            memory[sequence, default: []].append(Cell(batch.tokens[index]))
            script.computed.add(1, ordering: .relaxed)
            guard batch.outputs[index] == 1 else { continue }
            // Prompts of these tests are capital letters; the toy answers in small ones or in a script's bytes.
            let tokens = (memory[sequence] ?? []).map(\.token)
            let promptCount = tokens.prefix { (65...90).contains($0) }.count
            var row = [Float](repeating: 0, count: vocabularySize)
            row[Int(script.next(after: tokens, promptCount: promptCount))] = 10
            rows[index] = script.logits(tokens) ?? row
        }
        return .computed
    }

    func logits(at index: Int) -> UnsafeBufferPointer<Float>? {
        pinned.forEach { $0.deallocate() }
        guard let row = rows[index] else { preconditionFailure("no logits were asked for at \(index)") }
        pinned = []
        guard !row.isEmpty else { return nil }
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: row.count)
        _ = buffer.initialize(from: row)
        pinned = [buffer]
        return UnsafeBufferPointer(buffer)
    }

    func nextPosition(of sequence: Int32) -> Int { memory[sequence, default: []].count }

    func canContinue(_ sequence: Int32, at position: Int) -> Bool { nextPosition(of: sequence) == position }

    func share(from: Int32, to: Int32, length: Int) {
        let cells = memory[from, default: []]
        precondition(memory[to, default: []].isEmpty && length <= cells.count, "a share of what is not there")
        precondition(script.isTrimmable || length == cells.count, "a part of what cannot be cut")
        memory[to] = Array(cells.prefix(length))
    }

    func truncate(_ sequence: Int32, to position: Int) {
        let held = memory[sequence, default: []].count
        precondition(script.isTrimmable || position == 0, "a cut of what cannot be cut")
        memory[sequence, default: []].removeLast(max(0, held - position))
    }

    func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool {
        let cells = memory[sequence, default: []]
        let others = memory.filter { $0.key != sequence }.values.joined().map { ObjectIdentifier($0) }
        let moved = Set(cells[range.lowerBound...].map { ObjectIdentifier($0) })
        precondition(script.canShift && moved.isDisjoint(with: others), "a shift of what others hold")
        memory[sequence, default: []].removeSubrange(range)
        return true
    }

    /// The toy's state of a token is the token.
    func save(_ sequence: Int32, range: Range<Int>) -> [UInt8]? {
        script.saved.add(1, ordering: .relaxed)
        return memory[sequence, default: []][range].flatMap { cell in withUnsafeBytes(of: cell.token) { Array($0) } }
    }

    func load(_ state: [UInt8], range: Range<Int>, into sequence: Int32) -> Bool {
        script.onLoad()
        guard state.count == 4 * range.count, nextPosition(of: sequence) == range.lowerBound else { return false }
        for offset in stride(from: 0, to: state.count, by: 4) {
            let token = state[offset..<offset + 4].reversed().reduce(Token(0)) { $0 << 8 | Token($1) }
            memory[sequence, default: []].append(Cell(token))
        }
        return true
    }

    func makeSampler(_ options: SamplingOptions) -> Sampler {
        Sampler(
            options: options, vocabularySize: vocabularySize, contextLength: contextLength,
            endOfGeneration: endOfGeneration)
    }

    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
        if let piece = script.pieces[token] { return bytes += piece }
        if token < 256 { bytes.append(UInt8(token)) }
    }
}

extension InferenceEngine {
    /// An engine over a toy.
    static func toy(
        _ script: ToyBackend.Script, _ configure: (inout Configuration) -> Void = { _ in }
    ) async throws(GenerationError) -> InferenceEngine {
        var configuration = Configuration(model: "toy")
        configuration.onTurn = { loop in
            if let sentence = loop.brokenInvariant { Issue.record("\(sentence)") }
        }
        configure(&configuration)
        return try await start(configuration) { () throws(GenerationError) in ToyBackend(script) }
    }

    /// Submits a greedy request for a prompt of capital letters.
    func ask(
        _ prompt: String, maxTokens: Int? = nil, stop: [String] = [], deadline: Duration? = nil, progress: Bool = false,
        _ change: (inout GenerationRequest) -> Void = { _ in }
    ) throws(GenerationError) -> ChunkStream {
        var request = GenerationRequest(
            prompt: .text(prompt), sampling: .greedy, maxTokens: maxTokens, stop: stop, deadline: deadline,
            reportsProgress: progress)
        change(&request)
        return try submit(request, tokens: prompt.utf8.map { Token($0) })
    }
}
