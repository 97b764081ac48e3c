import Freshet
import FreshetLlama
import Testing

@testable import FreshetCLI

/// What the options of a model make of the engine.
struct ModelOptionsTests {
    private static func serving(_ typed: [String]) throws -> LlamaOptions {
        try #require(try Serve.syntax.parse(typed)).model.llamaOptions(path: "a.gguf")
    }

    private static func generating(_ typed: [String]) throws -> LlamaOptions {
        let values = try #require(try Generate.syntax.parse(typed))
        return try values.model.model.answering(values.choiceCount).llamaOptions(path: "a.gguf")
    }

    @Test func theDefaultsAreTheEnginesOwn() throws {
        let (own, serving, generating) = (
            LlamaOptions(modelPath: "a.gguf"), try Self.serving([]), try Self.generating([])
        )
        #expect(serving.slotCount == nil && generating.slotCount == 1)
        for options in [serving, generating] {
            #expect(options.modelPath == "a.gguf" && options.name == nil && options.contextLength == nil)
            #expect(options.gapTarget == own.gapTarget && options.queueRetry == own.queueRetry)
            #expect(options.keyType == own.keyType && options.valueType == own.valueType)
            #expect(options.flashAttention == nil && options.prefixDirectory == nil)
            #expect(options.prefixDirectoryLimit == own.prefixDirectoryLimit)
            #expect(options.threads == nil && options.batchThreads == nil && options.batchSize == own.batchSize)
            #expect(options.microBatchSize == own.microBatchSize && options.usesBLAS == own.usesBLAS)
            #expect(options.load == own.load)
            #expect(options.queueCapacity == own.queueCapacity)
            try options.validate()
        }
    }

    @Test func everyOptionReachesTheEngine() throws {
        let options = try Self.serving([
            "-ctk", "q8_0", "--cache-type-v", "q4_0", "-fa", "on", "--cache-dir", "/tmp/a", "--cache-limit", "500M",
            "-np",
            "3", "--queue", "5", "--queue-retry", "7", "--gap-target", "60", "-c", "512", "-t", "2", "-tb", "3", "-b",
            "64", "-ub", "32", "--blas", "--no-mmap", "--no-repack", "--huge-pages",
        ])
        #expect(options.keyType == .q8_0 && options.valueType == .q4_0 && options.flashAttention == true)
        #expect(options.prefixDirectory == "/tmp/a" && options.prefixDirectoryLimit == 500 << 20)
        #expect(options.slotCount == 3 && options.queueCapacity == 5 && options.queueRetry == .seconds(7))
        #expect(options.gapTarget == .milliseconds(60) && options.contextLength == 512)
        #expect(options.threads == 2 && options.batchThreads == 3 && options.batchSize == 64)
        #expect(options.microBatchSize == 32 && options.usesBLAS)
        #expect(!options.load.usesMemoryMap && !options.load.usesRepacking && options.load.usesHugePages)
        #expect(try Self.serving(["-fa", "off"]).flashAttention == false)
        #expect(try Self.serving(["-np", "-1"]).slotCount == nil)
    }

    /// Also a value that is the default is a choice.
    @Test func whatWasGivenIsKnown() throws {
        let typed = ["-t", "-1", "--no-mmap=off", "--flash-attn=auto", "-c", "64", "-v", "-b", "512"]
        let values = try #require(try Generate.syntax.parse(typed))
        #expect(values.model.model.given == ["threads", "mmap", "flash-attn", "batch-size"])
        #expect(values.model.model.usesProfile)
        #expect(try #require(try Serve.syntax.parse(["--no-profile"])).model.usesProfile == false)
        // Each setting of a profile is an option.
        let names = ModelOptions.localGroup.options.flatMap(\.names)
        for setting in TunableSetting.all {
            #expect(names.contains("--\(setting.name)") != names.contains("--no-\(setting.name)"))
        }
        // The last word counts.
        #expect(try Self.serving(["-t", "2", "-t", "-1", "-fa", "on", "-fa", "auto", "--blas", "--blas=off"]).isPlain)
        #expect(try !Self.serving(["-t", "-1", "-t", "2"]).isPlain)
    }

    @Test(arguments: [(1, 1), (3, 3), (8, 8), (9, 8), (128, 8)])
    func choicesGetASlotEachUpToALimit(choices: Int, slots: Int) throws {
        #expect(try Self.generating(["--choices", "\(choices)"]).slotCount == slots)
    }

    @Test(arguments: [
        ["-ctk", "q5"], ["--cache-type-v", ""], ["-fa", "yes"], ["--cache-dir", ""], ["--cache-limit", "0"],
        ["--cache-limit", "-1"], ["--cache-limit", "1.5G"], ["--cache-limit", "many"], ["--cache-limit", "8G"],
        ["-np", "129"], ["-np", "0"], ["-np", "-2"], ["--queue-retry", "-1"], ["--gap-target", "0"],
        ["--gap-target", "0.5"],
    ])
    func whatMakesNoSenseIsRefused(typed: [String]) {
        #expect(throws: UsageError.self) { try Self.serving(typed) }
    }
}

extension LlamaOptions {
    /// Whether the engine has every choice that tuning has.
    fileprivate var isPlain: Bool {
        TunableSetting.all.allSatisfy { $0.value(in: self) == $0.usual }
    }
}
