import Foundation
import FreshetLlama
import FreshetTestSupport

/// A process that does nothing but write to a folder of prefixes and read from it, for tests that kill it or give it no
/// room: `PrefixStoreProcess FOLDER LIMIT SEED PROMPTS [LENGTH]`, where no file can grow beyond LENGTH bytes. It writes
/// a line for each prompt, and one for a failure; its status is 3 when what it reads is wrong.
@main enum PrefixStoreProcess {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5, let limit = Int(arguments[2]), let seed = UInt64(arguments[3]),
            let count = Int(arguments[4])
        else { exit(2) }
        if let length = arguments.dropFirst(5).first.flatMap({ UInt($0) }) {
            // Writing fails then, instead of ending the process.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: length, rlim_max: length)
            guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(2) }
        }
        let store = try PrefixStore(
            directory: arguments[1], limit: limit, modelKey: "model", saveLimit: 10_000, onFailure: { say($0) })
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<count {
            let blocks = PrefixWorkload.blocks(using: &generator)
            let tokens = PrefixWorkload.prompt(blocks)
            let stored = store.storedLength(of: tokens[...])
            if stored > 0 {
                let isTaken = store.load(tokens, range: 0..<stored) { found in
                    for (index, block) in found.enumerated()
                    where block.payload != PrefixWorkload.payload(blocks[...index]) { exit(3) }
                }
                if !isTaken { usleep(1000) }
            }
            for index in store.firstMissingBlock(of: tokens[...])..<blocks.count {
                let end = (index + 1) * PrefixStore.blockLength
                let block = PrefixBlock(
                    tokens: tokens[..<end], range: end - PrefixStore.blockLength..<end,
                    payload: PrefixWorkload.payload(blocks[...index]))
                while !store.save(block) { usleep(1000) }
            }
            say("\(blocks)")
        }
        await store.close()
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Nobody reads any more: the test has ended without killing us.
        if write(STDOUT_FILENO, bytes, bytes.count) < 0 { exit(1) }
    }
}
