import Foundation
import Freshet
import FreshetHTTP
import Glibc

/// A server that runs for the length of a measurement, started as a user would start it.
final class ServerProcess: Sendable {
    /// The programs that are compared.
    enum Program: String, Sendable {
        case freshet
        case llamaServer = "llama-server"
    }

    /// Which of them it is.
    let program: Program
    /// What asks it.
    let provider: RemoteProvider
    /// Its number in the system.
    let pid: pid_t

    private init(_ program: Program, pid: pid_t, provider: RemoteProvider) {
        (self.program, self.pid, self.provider) = (program, pid, provider)
    }

    deinit { Children.end(pid, with: SIGKILL) }

    /// Starts a server on a free port and waits until it has answered a request.
    ///
    /// - Parameter log: the file that gets what it writes.
    /// - Throws: `GenerationError` with the end of what it wrote, when it does not come to answer.
    static func start(
        _ program: Program, executable: String, arguments: [String], environment: [String: String], log: String
    ) async throws(GenerationError) -> ServerProcess {
        let port = try FreePort.find()
        let pid = try Children.start(
            executable, arguments + ["--host", "127.0.0.1", "--port", "\(port)"], environment: environment, log: log)
        // It is not used by anybody else, and one connection serves all streams of a server that can.
        let remote = try RemoteProvider(RemoteOptions(baseURL: "http://127.0.0.1:\(port)/v1", model: "model"))
        let server = ServerProcess(program, pid: pid, provider: remote)
        for _ in 0..<1200 {
            if (try? await remote.reply(to: GenerationRequest(prompt: .tokens([300]), maxTokens: 1))) != nil {
                return server
            }
            // One that only embeds generates nothing.
            if (try? await remote.embed(EmbeddingRequest(inputs: [.tokens([300])]))) != nil { return server }
            guard Children.isRunning(pid) else { break }
            try? await Task.sleep(for: .milliseconds(100))
        }
        let words = (try? String(contentsOfFile: log, encoding: .utf8))?.suffix(2000) ?? ""
        throw GenerationError(.unreachable, "\(program.rawValue) does not answer. It wrote:\n\(words)")
    }

    /// Asks it to end, as Ctrl-C does, and waits until it has.
    func end() async {
        kill(pid, SIGTERM)
        for _ in 0..<300 where Children.isRunning(pid) { try? await Task.sleep(for: .milliseconds(100)) }
        await stop()
    }

    /// Ends it at once.
    func stop() async {
        Children.end(pid, with: SIGKILL)
        await provider.shutDown()
    }
}

/// A port of this machine that nobody listens on.
private enum FreePort {
    static func find() throws(GenerationError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard status else { throw GenerationError(.unreachable, "There is no free port on this machine.") }
        return UInt16(bigEndian: address.sin_port)
    }
}
