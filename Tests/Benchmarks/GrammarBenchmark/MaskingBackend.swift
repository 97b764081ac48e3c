import CSamplerOracle
import Freshet
import FreshetLlama
import FreshetLlamaTestSupport

/// llama.cpp's way of masking first, in an engine: the sampler sees logits from which llama.cpp's own sampler has taken all
/// tokens that a grammar refuses.
///
/// It does so for sequences that begin with certain tokens, one at a time.
final class MaskingBackend: BackendWrapper {
    let base: any Backend
    private let modelPath: String
    private let vocabularySize: Int
    private let promptLength: Int
    /// By the first token of a sequence, what its answer is held to.
    private let grammars: [Token: String]
    private var oracles: [Token: Oracle] = [:]
    private var running: Oracle?
    /// The row that was asked for last, masked.
    private let row: UnsafeMutableBufferPointer<Float>

    init(
        _ base: any Backend, modelPath: String, vocabularySize: Int, promptLength: Int, grammars: [Token: String]
    ) {
        (self.base, self.modelPath, self.vocabularySize) = (base, modelPath, vocabularySize)
        (self.promptLength, self.grammars) = (promptLength, grammars)
        row = .allocate(capacity: vocabularySize)
    }

    deinit { row.deallocate() }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        for index in 0..<batch.count {
            let token = batch.tokens[index]
            if batch.positions[index] == 0 { running = oracle(for: token) }
            if Int(batch.positions[index]) >= promptLength { running?.accept(token) }
        }
        return try base.decode(batch, shouldInterrupt: shouldInterrupt)
    }

    private func oracle(for token: Token) -> Oracle? {
        guard let grammar = grammars[token] else { return nil }
        let oracle = oracles[token] ?? Oracle(grammar, vocabularySize: vocabularySize, modelPath: modelPath)
        oracles[token] = oracle
        oracle.reset()
        return oracle
    }

    func logits(at index: Int) -> UnsafeBufferPointer<Float>? {
        guard let logits = base.logits(at: index) else { return nil }
        guard let running, let from = logits.baseAddress, let to = row.baseAddress,
            freshet_oracle_filter(running.handle, from, to)
        else { return logits }
        return UnsafeBufferPointer(row)
    }

    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
        base.append(bytesOf: token, showingControl: showingControl, to: &bytes)
    }

    /// llama.cpp's reader of a grammar.
    private final class Oracle {
        let handle: OpaquePointer

        init(_ grammar: String, vocabularySize: Int, modelPath: String) {
            guard let handle = freshet_oracle_new(Int32(vocabularySize), modelPath),
                freshet_oracle_add_grammar(handle, grammar)
            else { preconditionFailure("llama.cpp refuses the grammar") }
            self.handle = handle
        }

        deinit { freshet_oracle_free(handle) }

        func accept(_ token: Token) { freshet_oracle_accept(handle, token) }
        func reset() { freshet_oracle_reset(handle) }
    }
}
