/// What a measurement is about: the names by which a person chooses what to measure.
package enum Topic: String, Codable, Sendable, CaseIterable {
    /// How fast prompts are computed, at several lengths and depths: llama-bench's `pp` rows.
    case prompt
    /// How fast one stream's tokens come, at several depths: llama-bench's `tg` rows.
    case decode
    /// The wait for a prompt's first token: cold, and with its beginning in memory.
    case firstToken = "first-token"
    /// The same after the program was started anew, with a folder of computed prompts.
    case restart
    /// The time between two tokens of one stream, while several run.
    case gaps
    /// Tokens a second in all, of one stream to many.
    case streams
    /// The memory of the process that answers.
    case memory
    /// A long prompt that arrives beside running streams.
    case intruder
    /// The wait of a small request after a client left in the middle of a long prompt.
    case cancel
    /// What running streams feel of a reader among them that pauses.
    case slowReader = "slow-reader"
    /// What the way of chunks costs beside a bare loop in C over the same model.
    case loop
    /// The time of one token's sampling.
    case sampler
    /// How fast chunks become server-sent events.
    case chunks

    /// What it is, in one line for a list.
    package var summary: String {
        switch self {
        case .prompt: "speed of prompts, by length and depth (llama-bench's pp)"
        case .decode: "speed of one answer's tokens, by depth (llama-bench's tg)"
        case .firstToken: "wait for the first token: cold, and with the prompt's beginning in memory"
        case .restart: "wait for the first token after a restart, with a folder of computed prompts"
        case .gaps: "time between two tokens, of several streams"
        case .streams: "tokens a second in all, of one stream to many"
        case .memory: "memory of the process, after a prompt and an answer of each of several streams"
        case .intruder: "a long prompt that arrives beside running streams"
        case .cancel: "wait of a request after a client left in the middle of a long prompt"
        case .slowReader: "streams beside a reader that pauses"
        case .loop: "the whole way of a token beside a bare C loop"
        case .sampler: "time to sample one token"
        case .chunks: "chunks a second written as server-sent events"
        }
    }
}
