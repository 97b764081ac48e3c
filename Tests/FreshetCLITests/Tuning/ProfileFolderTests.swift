import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

@testable import FreshetCLI

/// Where profiles lie, and what commands make of one.
struct ProfileFolderTests {
    @Test(arguments: [
        (["XDG_CONFIG_HOME": "/c", "HOME": "/h"], "/c/freshet/profiles"),
        (["XDG_CONFIG_HOME": "c", "HOME": "/h"], "/h/.config/freshet/profiles"),
        (["XDG_CONFIG_HOME": "", "HOME": "/h"], "/h/.config/freshet/profiles"), (["HOME": "h"], nil), ([:], nil),
    ])
    func liesWhereTheSpecificationSays(environment: [String: String], path: String?) {
        #expect(ProfileFolder(environment: { environment[$0] })?.path == path)
    }

    @Test func commandsUseTheProfileAndSaySo() async throws {
        let home = NSTemporaryDirectory() + "freshet-profiles-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: home) }
        let environment = ["XDG_CONFIG_HOME": home]
        let folder = try #require(ProfileFolder(environment: { environment[$0] }))
        #expect(folder.isEmpty)
        let command = ["generate", "-m", EmbeddedModel.path, "--temp", "0", "-n", "2", "-v", "The dragon"]
        func notes(_ further: String...) async -> String {
            let outcome = await FreshetProcess.run(command + further, environment: environment)
            #expect(outcome.ending == .exited(0))
            return outcome.errorText
        }
        #expect(await !notes().contains("profile"))

        var settings = TunedSettings()
        (settings.batchSize, settings.microBatchSize) = (96, 48)
        let key = ModelProfile.key(of: try GGUFFile(path: EmbeddedModel.path).fingerprint)
        let profile = Profile(key: key, date: Date(timeIntervalSince1970: 1_800_000_000), settings: settings, gains: [])
        try folder.save(profile)
        #expect(!folder.isEmpty)
        #expect(try folder.profile(for: key) == profile)

        let used = await notes()
        #expect(used.contains("--batch-size 96 --ubatch-size 48"))
        // llama.cpp's own log says what it was told.
        #expect(used.contains("n_batch               = 96") && used.contains("n_ubatch              = 48"))
        let given = await notes("-ub", "24")
        #expect(given.contains("n_batch               = 96") && given.contains("n_ubatch              = 24"))
        #expect(await !notes("--no-profile").contains("n_batch               = 96"))

        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.file(for: key)))
        let damaged = await notes()
        #expect(damaged.contains("is not used: it is damaged") && !damaged.contains("n_batch               = 96"))

        // Nobody waits for a pipe's other end.
        try FileManager.default.removeItem(atPath: folder.file(for: key))
        #expect(mkfifo(folder.file(for: key), 0o600) == 0)
        #expect(await notes().contains("is not used: it is no regular file"))
    }
}
