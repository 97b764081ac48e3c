import FreshetBench

/// What can be measured, by the names that arguments have.
enum Contest: String, CaseIterable, Sendable {
    /// Tokens a second in all, of 1, 8 and 16 streams, whose prompts differ, or begin alike as a service's do.
    case streams
    /// What running streams feel of a long prompt beside them, and how long its first token takes.
    case gap
    /// The first token after a client has left in the middle of a long prompt.
    case cancel
    /// The return to a prompt that was computed before other traffic.
    case prefix
    /// The same after a restart. llama-server keeps nothing by itself.
    case restart
    /// Vectors of texts, one at a time and many together. llama-server is started for nothing else.
    case embeddings
    /// Resident memory.
    case memory
    /// A whole process from its start to its first token, beside llama-completion.
    case startup
    /// A prompt and an answer of one stream, beside llama-bench.
    case speed

    /// The streams that run side by side, and the tokens that each of them may have.
    var room: (slots: Int, context: Int) {
        switch self {
        case .streams, .embeddings: (16, 512)
        case .memory: (8, 2048)
        case .prefix: (8, 4096)
        case .gap, .cancel, .restart: (4, 4096)
        case .startup, .speed: (1, 1024)
        }
    }

    /// What llama-server must be told to take part.
    var rivalArguments: [String] { self == .embeddings ? ["--embeddings", "--pooling", "last"] : [] }

    /// What is measured, in order.
    var experiments: [any Experiment] {
        switch self {
        case .streams:
            [(1, 0), (8, 0), (16, 0), (8, 256), (16, 256)].map { Throughput(streams: $0.0, beginning: $0.1) }
        case .gap: [Intruder(length: 2000)]
        case .cancel: [Departure(length: 3000, patience: .milliseconds(500))]
        case .prefix: [PrefixReturn(length: 1500)]
        case .restart: [Restart(length: 1500)]
        case .embeddings: [(1, 64), (16, 16), (16, 64), (2, 400)].map { TextVectors($0.0, length: $0.1) }
        case .memory: [ResidentMemory(streams: 8)]
        case .startup: [StartToFirstToken()]
        case .speed: [ProgramSpeed()]
        }
    }
}
