/// Which model a command loads, and how.
struct ModelOptions {
    /// The model's file; `nil` is the embedded model.
    var path: String?
    /// The name under which the model's chunks say they were made; `nil` is its own.
    var name: String?
    /// Tokens of context; 0 is what the model was trained with, -1 the same but no more than the engine's own limit.
    var contextLength = -1
    /// Threads that compute a token; less than 1 lets the engine choose.
    var threads = -1
    /// Threads that compute a prompt; less than 1 is as many as `threads`.
    var batchThreads = -1
    /// The most tokens of a prompt that are computed in one step.
    var batchSize = 512
    /// Whether the model's file is mapped into memory instead of read.
    var usesMemoryMap = true
    /// Whether OpenBLAS computes large batches.
    var usesBLAS = false
    /// Generations that run side by side.
    var slotCount = 1
    /// Requests that may wait for one of those to end.
    var queueCapacity = 32
    /// Whether llama.cpp's log lines are shown.
    var isVerbose = false

    /// The options of a model on this machine, with llama.cpp's names.
    static var localGroup: OptionGroup<ModelOptions> {
        OptionGroup(
            title: "Model",
            options: [
                fileOption,
                .integer(
                    "-c", "--ctx-size", in: -1...(1 << 24), path: \.contextLength,
                    help: "tokens of context; 0 is what the model was trained with, -1 the same up to a limit"),
                .integer(
                    "-t", "--threads", in: -1...512, path: \.threads,
                    help: "threads that compute a token; -1 is one a processor"),
                .integer(
                    "-tb", "--threads-batch", in: -1...512, path: \.batchThreads,
                    help: "threads that compute a prompt; -1 is as many as --threads"),
                .integer(
                    "-b", "--batch-size", in: 1...65536, path: \.batchSize,
                    help: "the most tokens of a prompt that are computed in one step"),
                .flag(
                    "--no-mmap", path: \.usesMemoryMap, sets: false, help: "read the model's file instead of mapping it"
                ),
                .flag(
                    "--blas", path: \.usesBLAS,
                    help: "let OpenBLAS compute large batches; slower on every machine measured"),
                verboseOption,
            ])
    }

    /// The defaults of a server: as many generations at a time as llama-server has.
    static var serving: ModelOptions {
        var options = ModelOptions()
        options.slotCount = 4
        return options
    }

    /// What only a server lets choose.
    static var servingOptions: [Option<ModelOptions>] {
        [
            .integer(
                "-np", "--parallel", in: 1...256, path: \.slotCount,
                help: "generations that run side by side, each with its whole context"),
            .integer(
                "--queue", in: 1...(1 << 20), path: \.queueCapacity,
                help: "requests that may wait for a generation to end"),
        ]
    }

    /// `--model` alone, for commands that compute nothing.
    static var fileOption: Option<ModelOptions> {
        .text(
            "-m", "--model", placeholder: "FILE", help: "the model's GGUF file; without it, the embedded model",
            set: { (values: inout ModelOptions, text: String, name: String) throws(UsageError) in
                guard !text.isEmpty else {
                    throw UsageError(message: "\(name) needs a file's name, but got an empty one.")
                }
                values.path = text
            })
    }

    /// `--verbose` alone.
    static var verboseOption: Option<ModelOptions> {
        .flag("-v", "--verbose", path: \.isVerbose, help: "show llama.cpp's log on standard error")
    }
}
