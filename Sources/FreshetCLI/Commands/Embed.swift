import Freshet
import FreshetHTTP

/// `freshet embed`: writes the vectors of texts to standard output.
enum Embed {
    /// How vectors are written.
    enum Format: String, CaseIterable {
        /// A vector's numbers on one line, with spaces between them.
        case text
        /// One JSON object a line, as OpenAI has them in a list.
        case jsonl
        /// OpenAI's whole reply.
        case json
    }

    /// What can be chosen.
    struct Values {
        var texts: [String] = []
        var file: String?
        var format = Format.text
        var dimensions = 0
        var isNormalized = true
        var deadline = 0.0
        var model = ModelSource()
    }

    static var syntax: Syntax<Values> {
        var syntax = Syntax(
            name: "embed", summary: "Write the vectors of texts", defaults: Values(),
            operand: Operand(
                placeholder: "TEXT",
                help: "a text; - stands for the lines of standard input, of which each is one, and so does none at all",
                path: \Values.texts),
            groups: [
                OptionGroup(
                    title: "Vectors",
                    options: [
                        .text("-f", "--file", placeholder: "FILE", help: "embed the lines of a file") {
                            values, text, _ in values.file = text
                        },
                        .choice(
                            "--format", path: \Values.format,
                            help: "a line of numbers for each text, a line of JSON for each, or one JSON object"),
                        .integer(
                            "--dimensions", in: 0...(1 << 20), path: \Values.dimensions,
                            help: "how many numbers of each vector; 0 is all, fewer are the first ones, of use with "
                                + "models trained for it"),
                        .flag(
                            "--no-normalize", path: \Values.isNormalized, sets: false,
                            help: "leave vectors as they are, instead of scaling them to length 1"),
                        .number(
                            "--deadline", placeholder: "SECONDS", in: 0...1e9, path: \Values.deadline,
                            help: "give up when \(groupLength) texts take longer; 0 is no limit"),
                    ])
            ] + ModelSource.groupsWithoutDraft.map { $0.lifted(to: \Values.model) },
            notes: [
                "The vectors are written in the order of the texts. A text that is longer than the model takes is refused, "
                    + "and never cut. Any model that generates text embeds too, but one that was made for it, such as BERT, "
                    + "is better at it.",
                "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C, 129 or 143 ended by a hang-up or "
                    + "SIGTERM, 141 when the reader of standard output went away.",
            ])
        syntax.groups[syntax.groups.count - 1].options.append(ModelOptions.poolingOption.lifted(to: \.model.model))
        return syntax
    }

    /// Texts that are sent together, so that the first vectors of many come soon.
    private static let groupLength = 256

    static func run(_ values: Values, console: Console) async throws {
        let texts = try texts(values, console: console)
        try await Composition.withEmbedder(values.model, console: console) { embedder in
            var whole = Embeddings(
                model: embedder.model, vectors: [], usage: Usage(promptTokens: 0, completionTokens: 0))
            for start in stride(from: 0, to: texts.count, by: groupLength) {
                let group = Array(texts[start..<min(start + groupLength, texts.count)])
                let request = values.request(for: group)
                let result = try await console.signals.cancelling { () throws(GenerationError) in
                    do throws(GenerationError) {
                        return try await embedder.embed(request)
                    } catch {
                        throw naming(error, about: group)
                    }
                }
                guard values.format != .json else {
                    whole.model = result.model
                    whole.vectors += result.vectors
                    whole.usage.promptTokens += result.usage.promptTokens
                    continue
                }
                try console.output.write(lines(result.vectors, from: start, values.format))
            }
            guard values.format == .json else { return }
            var bytes: [UInt8] = []
            OpenAIEmbeddings.append(whole, encoding: .float, to: &bytes)
            try console.output.write(bytes + [UInt8(ascii: "\n")])
        }
    }

    /// A text, and where it came from.
    struct Text: Sendable, Equatable {
        var text: String
        /// The file, or standard input, of which it is a line; `nil` for an argument.
        var source: String?
        /// Its place there, or among the arguments, from 1.
        var place: Int

        /// What to call it in a sentence.
        var name: String { source.map { "line \(place) of \($0)" } ?? "text \(place)" }
    }

    /// An error about one of the texts that were sent together, with the text's own name: the provider knows only its
    /// place among them.
    static func naming(_ error: GenerationError, about texts: [Text]) -> GenerationError {
        guard let parameter = error.parameter,
            let place = texts.indices.first(where: {
                EmbeddingRequest.name(of: $0, in: texts.count) == parameter
            })
        else { return error }
        var error = error
        let name = texts[place].name.capitalizedFirst
        error.message =
            error.message.hasPrefix(parameter)
            ? name + error.message.dropFirst(parameter.count) : "\(name): \(error.message)"
        return error
    }

    private static func lines(_ vectors: [[Float]], from start: Int, _ format: Format) -> [UInt8] {
        var bytes: [UInt8] = []
        for (place, vector) in vectors.enumerated() {
            switch format {
            case .text: bytes += vector.map(\.description).joined(separator: " ").utf8
            case .jsonl, .json: OpenAIEmbeddings.append(vector, at: start + place, encoding: .float, to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// The texts, from wherever they were given.
    private static func texts(_ values: Values, console: Console) throws -> [Text] {
        var texts: [Text] = []
        if let file = values.file {
            texts += try lines(of: Input.readText(file: file, signals: console.signals), in: "“\(file)”")
        }
        let readsInput = values.texts.isEmpty && values.file == nil
        if readsInput, console.input.isTerminal {
            throw UsageError(
                message: "There is no text: give texts as arguments, with --file or as lines of standard input.")
        }
        for (place, text) in (readsInput ? ["-"] : values.texts).enumerated() {
            if text == "-" {
                let input = try console.input.readText { console.note("Reading texts from standard input…") }
                texts += try lines(of: input, in: console.input.name)
            } else {
                guard !text.isEmpty else { throw UsageError(message: "A text is empty: there is nothing to embed.") }
                texts.append(Text(text: text, source: nil, place: place + 1))
            }
        }
        return texts
    }

    private static func lines(of text: String, in name: String) throws(Exit) -> [Text] {
        guard !text.isEmpty else { throw .failed("\(name.capitalizedFirst) is empty: there is nothing to embed.") }
        var lines: [Text] = []
        // Only line feeds part lines: a text may hold what else Unicode takes for a line's end.
        for line in text.withoutFinalLineEnd.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard !line.isEmpty else {
                throw .failed("Line \(lines.count + 1) of \(name) is empty: there is nothing to embed.")
            }
            lines.append(Text(text: String(Substring(line)), source: name, place: lines.count + 1))
        }
        return lines
    }
}

extension Embed.Values {
    fileprivate func request(for texts: [Embed.Text]) -> EmbeddingRequest {
        EmbeddingRequest(
            inputs: texts.map { .text($0.text) }, dimensions: dimensions > 0 ? dimensions : nil,
            isNormalized: isNormalized,
            deadline: deadline > 0 ? .seconds(deadline) : nil)
    }
}
