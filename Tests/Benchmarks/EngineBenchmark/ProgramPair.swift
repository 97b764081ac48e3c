import Foundation
import Freshet
import FreshetBench

/// Two programs that do the same work from their start to their end, on the same model with the same threads.
struct ProgramPair: Sendable {
    /// Freshet's.
    let freshet: Program
    /// llama.cpp's own.
    let rival: Program

    /// The sides of a comparison of the two.
    var contenders: [Contender] {
        [freshet, rival].map { Contender(Side(name: $0.model, model: Side.Model(name: "model")), provider: $0) }
    }
}

/// A program that is run to its end for each figure. It answers no requests: experiments find their command in it.
struct Program: Provider {
    /// The program's name.
    let model: String
    /// The command, without what an experiment adds.
    let command: [String]
    /// What its environment has beside this program's own.
    var environment: [String: String] = [:]

    func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
        throw GenerationError(.invalidRequest, "\(model) is run, and answers no requests.")
    }

    /// Runs it for what it writes to standard output.
    func run(_ arguments: [String]) throws(GenerationError) -> String {
        try Tool.run(command + arguments, environment: environment, takesErrors: false)
    }
}

/// The time of a whole process that loads a model, whose file is in the page cache, and makes one token.
struct StartToFirstToken: Experiment {
    var topic: Topic { .firstToken }
    var title: String { "process of one token" }
    var needs: Needs { Needs(streams: 1, contextLength: 512, promptTokens: 8, answerTokens: 1) }

    func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let program = contender.provider as? Program else { return Turn([]) }
        let start = occasion.clock.now()
        _ = try program.run([])
        return Turn([Figure(title, in: .milliseconds, (occasion.clock.now() - start) / .milliseconds(1))])
    }
}

/// llama-bench's own rows, of one prompt and one answer, as each program's benchmark finds them in a process of its own.
struct ProgramSpeed: Experiment {
    static let promptLength = 512
    static let answerLength = 128

    var topic: Topic { .decode }
    var title: String { "pp\(Self.promptLength), tg\(Self.answerLength)" }
    var needs: Needs {
        Needs(streams: 1, contextLength: 640, promptTokens: Self.promptLength, answerTokens: Self.answerLength)
    }

    func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let program = contender.provider as? Program else { return Turn([]) }
        let data = Data(try program.run([]).utf8)
        let speeds = try data.first == UInt8(ascii: "[") ? Self.llamaBench(data) : Self.freshet(data)
        return Turn([
            Figure(
                "pp\(Self.promptLength)", .init(promptLength: Self.promptLength), in: .tokensPerSecond, speeds.prompt),
            Figure(
                "tg\(Self.answerLength)", .init(answerLength: Self.answerLength), in: .tokensPerSecond, speeds.decode),
        ])
    }

    /// What `freshet bench --format json` wrote.
    private static func freshet(_ data: Data) throws(GenerationError) -> (prompt: Double?, decode: Double?) {
        let rows = try JSONReport(data).value.measurements
        func speed(_ topic: Topic) -> Double? { rows.first { $0.topic == topic }?.outcomes.first?.summary?.median }
        return (speed(.prompt), speed(.decode))
    }

    /// What `llama-bench -o json` wrote.
    private static func llamaBench(_ data: Data) throws(GenerationError) -> (prompt: Double?, decode: Double?) {
        struct Row: Decodable {
            var nPrompt: Int
            var nGen: Int
            var avgTs: Double
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let rows = try? decoder.decode([Row].self, from: data) else {
            throw GenerationError(.badResponse, "llama-bench wrote something else than its rows.")
        }
        return (rows.first { $0.nPrompt > 0 }?.avgTs, rows.first { $0.nGen > 0 }?.avgTs)
    }
}
