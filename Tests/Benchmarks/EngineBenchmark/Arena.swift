import Foundation
import Freshet
import FreshetBench
import FreshetTestSupport

/// Starts both programs on one model with the same threads, slots and context, and lets them take turns.
struct Arena: Sendable {
    /// What was asked for.
    let options: BenchmarkOptions
    private let model: String
    private let folder: String
    private let freshet: String
    private let llamaServer: String

    /// The line of the report that says what llama-server is.
    let rival: String

    /// Finds both programs, and makes the model if need be.
    ///
    /// - Parameter folder: where logs and what the servers keep goes.
    /// - Throws: `GenerationError` that says what is missing.
    init(_ options: BenchmarkOptions, folder: String) throws(GenerationError) {
        (self.options, self.folder) = (options, folder)
        freshet =
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("freshet").path
        llamaServer = try Self.tool("llama-server")
        model = try Self.model(options, freshet: freshet)
        rival = try Self.describe(llamaServer, arguments: options.rivalArguments)
    }

    /// A program of llama.cpp's own.
    private static func tool(_ name: String) throws(GenerationError) -> String {
        let path = EmbeddedModel.repository.appendingPathComponent(".llama/bin/\(name)").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw GenerationError(
                .unreachable, "\(name) is not there to compare with: run scripts/bootstrap --tools.")
        }
        return path
    }

    /// The synthetic model, which is made once a machine.
    private static func model(_ options: BenchmarkOptions, freshet: String) throws(GenerationError) -> String {
        if let model = options.model { return model }
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
        let folder = cache + "/freshet/bench"
        let path = "\(folder)/\(options.shape)-\(options.quantization).gguf"
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw GenerationError(.unreachable, "The folder \(folder) cannot be made: \(error).")
        }
        let synth = ["synth", "--shape", options.shape, "--quant", options.quantization, "-o", path]
        _ = try Tool.run([freshet] + synth)
        return path
    }

    /// What the report says of the program that is compared with.
    private static func describe(_ program: String, arguments: [String]) throws(GenerationError) -> String {
        let devices = try Tool.run([program, "--list-devices"])
        guard !devices.contains("BLAS") else {
            throw GenerationError(.unreachable, "llama-server would use OpenBLAS, which slows it down:\n\(devices)")
        }
        let version = try Tool.run([program, "--version"])
        let name = version.split(separator: "\n").first { $0.hasPrefix("version") }.map(String.init) ?? "unknown"
        return "rival: llama.cpp's programs, \(name), from the same source and flags, OpenBLAS left out (devices: none)"
            + (arguments.isEmpty ? "" : ", with " + arguments.joined(separator: " "))
    }
}

extension Arena {
    /// The programs of a contest that are run anew for each figure; `nil` where both are servers.
    ///
    /// - Throws: `GenerationError` that says what is missing.
    private func programs(of contest: Contest) throws(GenerationError) -> ProgramPair? {
        let common = ["--model", model, "--threads", "\(threads)"]
        let work: (freshet: [String], rival: String, arguments: [String])
        switch contest {
        case .startup:
            let prompt = "Once upon a time"
            let one = ["--predict", "1", "--temp", "0", "--ctx-size", "512"]
            work = (
                ["generate", prompt] + one, "llama-completion",
                // What only costs it time is left out.
                one + ["--prompt", prompt, "--no-conversation", "--no-warmup", "--fit", "off"]
            )
        case .speed:
            let lengths = ["-p", "\(ProgramSpeed.promptLength)", "-n", "\(ProgramSpeed.answerLength)", "-r", "1"]
            work = (
                ["bench", "prompt", "decode", "--format", "json"] + lengths, "llama-bench", lengths + ["-o", "json"]
            )
        default: return nil
        }
        let rival = try Self.tool(work.rival)
        return ProgramPair(
            freshet: Program(model: "freshet", command: [freshet] + work.freshet + common + ["--no-profile"]),
            rival: Program(
                model: work.rival, command: [rival] + work.arguments + common + options.rivalArguments,
                environment: rivalEnvironment))
    }

    private var threads: Int { options.threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// llama.cpp as it is.
    private var rivalEnvironment: [String: String] { ["FRESHET_KERNELS": "0"] }

    private static func side(_ program: ServerProcess.Program) -> Side {
        Side(name: program.rawValue, model: Side.Model(name: "model"))
    }

    /// Measures both servers in one contest, which are started for it and ended after it.
    ///
    /// - Parameter report: what is known before.
    /// - Returns: the report with the contest's rows.
    func measure(_ contest: Contest, _ report: Report) async throws(GenerationError) -> Report {
        if let pair = try programs(of: contest) { return await run(contest, pair.contenders, report) }
        let (slots, context) = contest.room
        let generates = contest != .embeddings
        let ours = try await start(.freshet, slots: slots, context: context, generates: generates)
        let theirs = try await start(
            .llamaServer, slots: slots, context: context, arguments: contest.rivalArguments, generates: generates)
        let contenders = [
            Contender(
                Self.side(.freshet), provider: ours.provider, processIdentifier: ours.pid,
                reopen: { folder throws(GenerationError) in
                    let server = try await start(.freshet, slots: slots, context: context, cache: folder)
                    return Contender.Opened(provider: server.provider, shutDown: server.end)
                }),
            Contender(Self.side(.llamaServer), provider: theirs.provider, processIdentifier: theirs.pid),
        ]
        let found = await run(contest, contenders, report)
        await ours.stop()
        await theirs.stop()
        return found
    }

    private func run(_ contest: Contest, _ contenders: [Contender], _ report: Report) async -> Report {
        let benchmark = Benchmark(
            contenders, experiments: contest.experiments, manner: Manner(.tokens), rounds: options.rounds)
        var report = report
        report.sides = contenders.map(\.side)
        // A measurement takes minutes: what runs is told.
        return await benchmark.run(report) { title, left in
            let rest = left.seconds.map { ", about \(Quantity.wait($0)) left" } ?? ""
            FileHandle.standardError.write(Data("\(contest.rawValue): \(title)\(rest)\n".utf8))
        }
    }

    /// Starts one server, which has computed something when this returns.
    ///
    /// - Parameters:
    ///   - cache: the folder in which Freshet keeps prefixes.
    ///   - more: further arguments.
    ///   - generates: whether it is to generate text; the model may only embed.
    private func start(
        _ program: ServerProcess.Program, slots: Int, context: Int, cache: String? = nil, arguments more: [String] = [],
        generates: Bool = true
    ) async throws(GenerationError) -> ServerProcess {
        var arguments = ["--model", model, "--alias", "model", "--parallel", "\(slots)", "--threads", "\(threads)"]
        var environment: [String: String] = [:]
        switch program {
        case .freshet:
            arguments = ["serve"] + arguments + ["--ctx-size", "\(context)"]
            if let cache { arguments += ["--cache-dir", cache] }
        case .llamaServer:
            // Its context is that of all slots together.
            arguments += ["--ctx-size", "\(slots * context)"] + more + options.rivalArguments
            environment = rivalEnvironment
        }
        let path = program == .freshet ? freshet : llamaServer
        let server = try await ServerProcess.start(
            program, executable: path, arguments: arguments, environment: environment,
            log: "\(folder)/\(program.rawValue).log")
        // Where nothing is generated, nothing is warmed up so; the measurement's own first round does it.
        guard generates else { return server }
        var prompts = Prompts(Manner(.tokens), seed: -1)
        let content = prompts.next(256)
        let first = Workload.Planned("first", prompt: prompts.prompt(content), answerLength: 8)
        _ = try await server.provider.reply(to: first.request)
        return server
    }
}
