import Foundation
import Freshet
import FreshetTestSupport

/// Starts both servers on one model with the same threads, slots and context, and lets them take turns.
struct Arena: Sendable {
    /// What was asked for.
    let options: BenchmarkOptions
    private let model: String
    private let folder: String
    private let freshet: String
    private let llamaServer: String

    /// The line of the report that says what llama-server is.
    let rival: String

    /// Two servers on the same model.
    struct Pair {
        var freshet: ServerProcess
        var llamaServer: ServerProcess
    }

    /// Finds both programs, and makes the model if need be.
    ///
    /// - Parameter folder: where logs and what the servers keep goes.
    /// - Throws: `GenerationError` that says what is missing.
    init(_ options: BenchmarkOptions, folder: String) throws(GenerationError) {
        (self.options, self.folder) = (options, folder)
        freshet =
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("freshet").path
        llamaServer = EmbeddedModel.repository.appendingPathComponent(".llama/bin/llama-server").path
        guard FileManager.default.isExecutableFile(atPath: llamaServer) else {
            throw GenerationError(
                .unreachable, "llama-server is not there to compare with: run scripts/bootstrap --tools.")
        }
        model = try Self.model(options, freshet: freshet)
        rival = try Self.leaveOutBLAS(of: llamaServer, in: folder, arguments: options.rivalArguments)
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

    /// OpenBLAS makes llama-server slower, and it has no option to leave it out. A library that is loaded before its
    /// own says that there is none: ggml's list of backends then begins and ends with the CPU.
    private static func leaveOutBLAS(
        of program: String, in folder: String, arguments: [String]
    ) throws(GenerationError) -> String {
        let source = folder + "/no-blas.c"
        let code = "void *ggml_backend_blas_reg(void) { return 0; }\n"
        guard FileManager.default.createFile(atPath: source, contents: Data(code.utf8)) else {
            throw GenerationError(.unreachable, "The file \(source) cannot be written.")
        }
        _ = try Tool.run(["cc", "-shared", "-fPIC", "-o", folder + "/no-blas.so", source])
        let environment = ["LD_PRELOAD": folder + "/no-blas.so"]
        let devices = try Tool.run([program, "--list-devices"], environment: environment)
        guard !devices.contains("BLAS") else {
            throw GenerationError(.unreachable, "llama-server cannot be run without OpenBLAS:\n\(devices)")
        }
        let version = try Tool.run([program, "--version"], environment: environment)
        let name = version.split(separator: "\n").first { $0.hasPrefix("version") }.map(String.init) ?? "unknown"
        return "rival     llama-server, \(name), from the same source and flags, OpenBLAS left out (its devices: none)"
            + (arguments.isEmpty ? "" : ", with " + arguments.joined(separator: " "))
    }
}

extension Arena {
    /// Starts both servers, and ends them when `body` is done.
    ///
    /// - Parameters:
    ///   - slots: the streams that run side by side.
    ///   - context: the tokens that each of them may have.
    func withServers<Result>(
        slots: Int, context: Int, _ body: (Pair) async throws -> Result
    ) async throws -> Result {
        let pair = Pair(
            freshet: try await start(.freshet, slots: slots, context: context),
            llamaServer: try await start(.llamaServer, slots: slots, context: context))
        do {
            let result = try await body(pair)
            await pair.freshet.stop()
            await pair.llamaServer.stop()
            return result
        } catch {
            await pair.freshet.stop()
            await pair.llamaServer.stop()
            throw error
        }
    }

    /// Starts one server, which has computed something when this returns.
    ///
    /// - Parameter cache: the folder in which Freshet keeps prefixes.
    func start(
        _ program: ServerProcess.Program, slots: Int, context: Int, cache: String? = nil
    ) async throws -> ServerProcess {
        let threads = options.threads ?? ProcessInfo.processInfo.activeProcessorCount
        var arguments = ["--model", model, "--alias", "model", "--parallel", "\(slots)", "--threads", "\(threads)"]
        var environment: [String: String] = [:]
        switch program {
        case .freshet:
            arguments = ["serve"] + arguments + ["--ctx-size", "\(context)"]
            if let cache { arguments += ["--cache-dir", cache] }
        case .llamaServer:
            // Its context is that of all slots together.
            arguments += ["--ctx-size", "\(slots * context)"] + options.rivalArguments
            environment["LD_PRELOAD"] = folder + "/no-blas.so"
            environment["FRESHET_KERNELS"] = "0"  // llama.cpp as it is
        }
        let path = program == .freshet ? freshet : llamaServer
        let server = try await ServerProcess.start(
            program, executable: path, arguments: arguments, environment: environment,
            log: "\(folder)/\(program.rawValue).log")
        var prompts = Prompts(seed: 1_000_000)
        _ = try await server.client.ask(prompts.next(256), tokens: 8)
        return server
    }

    /// Lets both sides do the same in each round, the one that begins changing from round to round.
    ///
    /// - Parameter turn: what they do; the second argument is the round's number, from 0.
    func alternate<Value>(
        _ pair: Pair, _ turn: (ServerProcess, Int) async throws -> Value
    ) async throws -> (ours: [Value], theirs: [Value]) {
        var (ours, theirs): ([Value], [Value]) = ([], [])
        // What one turn gave is told at once: a whole measurement takes minutes, and may be given up.
        func turnTold(_ server: ServerProcess, _ round: Int) async throws -> Value {
            let value = try await turn(server, round)
            FileHandle.standardError.write(Data("round \(round + 1), \(server.program.rawValue): \(value)\n".utf8))
            return value
        }
        for round in 0..<options.rounds {
            if round % 2 == 1 { theirs.append(try await turnTold(pair.llamaServer, round)) }
            ours.append(try await turnTold(pair.freshet, round))
            if round % 2 == 0 { theirs.append(try await turnTold(pair.llamaServer, round)) }
        }
        return (ours, theirs)
    }

    /// A new folder for what a server keeps.
    func makeFolder() throws -> String {
        let path = folder + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
