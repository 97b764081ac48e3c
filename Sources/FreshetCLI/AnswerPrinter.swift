import Freshet
import FreshetHTTP

/// How an answer is written to standard output.
enum OutputFormat: String, CaseIterable {
    /// The answer's text, as it comes.
    case text
    /// One chunk's JSON a line.
    case jsonl
    /// The server-sent events of an OpenAI-compatible server.
    case sse
}

/// Writes a stream's chunks to standard output, and what is not the answer to standard error.
///
/// The text of several choices is written one after the other: for a person under headings, for a program with a line
/// between them that is a form feed, which text hardly ever has.
struct AnswerPrinter {
    private let format: OutputFormat
    private let choiceCount: Int
    private let tabulates: Bool
    private let console: Console
    private let isTerminal: Bool
    private var encoder = OpenAIChunkEncoder()
    private var isAtLineStart = true
    private var order = ChoiceOrder()
    /// The choice of which something was written last.
    private var choice: Int?
    /// The call that is being written.
    private var call: Int?
    /// Bytes of the answer that are no text.
    private var undecodable = 0
    private let bar: ProgressBar

    /// A printer for one stream, of so many choices. The bar for the prompt appears when that takes longer than
    /// `patience`.
    ///
    /// - Parameter tabulates: whether plain text is written as its tokens' log-probabilities, a token a line.
    init(
        format: OutputFormat, choiceCount: Int = 1, tabulates: Bool = false, console: Console,
        patience: Duration = ProgressBar.patience
    ) {
        self.format = format
        self.choiceCount = choiceCount
        self.tabulates = tabulates
        self.console = console
        isTerminal = console.output.isTerminal
        bar = ProgressBar("Reading the prompt", on: console.errors, patience: patience)
    }

    /// Reads a stream to its end and prints it as it comes. A signal stops the stream.
    ///
    /// - Returns: the reply, and the error when it is not whole.
    mutating func print(_ stream: ChunkStream) async throws(Exit) -> (reply: Reply, failure: GenerationError?) {
        let chunks = stream.makeAsyncIterator()
        // Left early, because standard output is gone: the stream must not go on unread.
        defer { stream.cancel() }
        var failure: GenerationError?
        do {
            while let chunk = try await chunks.next() { try print(chunk) }
        } catch let error as GenerationError {
            failure = error
        } catch {
            bar.finish()
            throw error as? Exit ?? .failed("\(error)")
        }
        bar.finish()
        try finish(after: failure)
        return (chunks.reply, failure)
    }

    /// Prints one chunk.
    mutating func print(_ chunk: Chunk) throws(Exit) {
        switch chunk.content {
        case .progress(let progress): return bar.show(Double(progress.processed) / Double(max(1, progress.total)))
        // The role comes before the prompt is computed.
        case .role: break
        default: bar.finish()
        }
        switch format {
        case .text: for chunk in order.take(chunk) { try printText(chunk) }
        case .jsonl, .sse: try printJSON(chunk)
        }
    }

    private mutating func printText(_ chunk: Chunk) throws(Exit) {
        switch chunk.content {
        case .role, .progress, .end: return
        default: try begin(chunk.index)
        }
        switch chunk.content {
        case .text where tabulates: break
        case .logProbabilities(let entries) where tabulates:
            for entry in entries { try console.output.write(TokenLine(entry: entry).text) }
        case .text(let text), .refusal(let text):
            try endCall()
            // Raw for a file or another program; a terminal would obey control characters.
            try console.output.write(isTerminal ? text.printable : text)
            isAtLineStart = text.utf8.last == UInt8(ascii: "\n")
        case .reasoning(let text):
            try? console.errors.write(text.printable)
        case .toolCall(let fragment) where !tabulates:
            if let name = fragment.name {
                try endCall()
                try endLine()
                try write(name + "(")
                call = fragment.index
            }
            try write(fragment.arguments)
        case .finish(let finish) where !tabulates:
            try endCall()
            undecodable += finish.undecodable.reduce(0) { $0 + $1.bytes.count }
        case .role, .toolCall, .logProbabilities, .progress, .finish, .end:
            break
        }
    }

    /// Writes a piece of a call, which is written as `name({"argument": …})` on a line of its own.
    private mutating func write(_ text: String) throws(Exit) {
        guard !text.isEmpty else { return }
        try console.output.write(isTerminal ? text.printable : text)
        isAtLineStart = false
    }

    private mutating func endCall() throws(Exit) {
        guard call != nil else { return }
        call = nil
        try write(")")
        try endLine()
    }

    /// Sets a choice apart from the one before it, if there are several.
    private mutating func begin(_ choice: Int) throws(Exit) {
        guard choiceCount > 1, choice != self.choice else { return }
        try endLine()
        let isFirst = self.choice == nil
        if isTerminal {
            try console.output.write("\(isFirst ? "" : "\n")── \(choice + 1) of \(choiceCount) ──\n")
        } else if !isFirst {
            try console.output.write("\u{C}\n")
        }
        self.choice = choice
    }

    private mutating func endLine() throws(Exit) {
        if !isAtLineStart { try console.output.write("\n") }
        isAtLineStart = true
    }

    private mutating func printJSON(_ chunk: Chunk) throws(Exit) {
        var json: [UInt8] = []
        guard encoder.append(chunk, to: &json) else { return }
        try printLine(json)
    }

    private func printLine(_ json: [UInt8]) throws(Exit) {
        if format == .jsonl { return try console.output.write(json + [UInt8(ascii: "\n")]) }
        var event: [UInt8] = []
        SSEEncoder.append(json, to: &event)
        try console.output.write(event)
    }

    /// Ends the output so that its reader can tell a whole answer from one that failed.
    private mutating func finish(after failure: GenerationError?) throws(Exit) {
        switch format {
        case .text:
            for chunk in order.takeRest() { try printText(chunk) }
            try endCall()
            try endLine()
            guard undecodable > 0 else { return }
            let subject = undecodable == 1 ? "1 byte that is" : "\(undecodable) bytes that are"
            console.complain("The model wrote \(subject) no part of a character, and left out here.")
        case .jsonl, .sse:
            if let failure {
                var json: [UInt8] = []
                OpenAIErrorObject.append(failure, to: &json)
                try printLine(json)
            } else if format == .sse {
                try console.output.write(SSEEncoder.done)
            }
        }
    }
}
