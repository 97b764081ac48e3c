import Testing

@testable import FreshetCLI

struct ModelSourceTests {
    private static let variables = ["OPENAI_API_KEY": "sk-openai", "MY_KEY": "sk-mine", "EMPTY": ""]

    private static func remote(
        _ arguments: [String], environment: [String: String] = variables
    ) throws -> ModelSource.Remote? {
        let values = try #require(try Generate.syntax.parse(arguments))
        return try values.model.remote { environment[$0] }
    }

    @Test func aModelOnThisMachineIsTheDefault() throws {
        #expect(try Self.remote([]) == nil)
        #expect(try Self.remote(["-m", "a.gguf", "--threads", "2", "--provider", "local"]) == nil)
    }

    @Test func theServerTheModelAndTheKey() throws {
        let plain = try #require(try Self.remote(["--provider", "openai", "--model", "gpt-5"]))
        #expect(plain.baseURL == "https://api.openai.com/v1" && plain.name == "gpt-5" && plain.key == "sk-openai")
        let own = try #require(
            try Self.remote([
                "--provider", "openai", "-m", "tiny", "--base-url", "http://localhost:8080/v1", "--api-key-env",
                "MY_KEY",
            ]))
        #expect(own.baseURL == "http://localhost:8080/v1" && own.name == "tiny" && own.key == "sk-mine")
        for environment in [[:], ["OPENAI_API_KEY": ""]] {
            let keyless = try Self.remote(["--provider", "openai", "-m", "tiny"], environment: environment)
            #expect(try #require(keyless).key == nil)
        }
    }

    @Test(arguments: [
        (["--provider", "openai"], "--model NAME"), (["--base-url", "http://localhost"], "--base-url"),
        (["--api-key-env", "MY_KEY"], "--api-key-env"),
        (["--provider", "openai", "-m", "a", "--api-key-env", "NOT_SET"], "NOT_SET"),
        (["--provider", "openai", "-m", "a", "--api-key-env", "EMPTY"], "EMPTY"),
        (["--provider", "openai", "-m", "a", "-t", "2"], "--threads"),
        (["--provider", "openai", "-m", "a", "-c", "0"], "--ctx-size"),
        (["--provider", "openai", "-m", "a", "--no-mmap"], "--no-mmap"),
        (["--provider", "openai", "-m", "a", "--blas"], "--blas"),
    ])
    func whatContradictsItselfIsToldByName(arguments: [String], word: String) {
        let error = #expect(throws: UsageError.self) { try Self.remote(arguments) }
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }
}
