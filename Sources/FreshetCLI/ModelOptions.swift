/// Which model a command loads, and how.
struct ModelOptions {
    /// The model's file; `nil` is the embedded model.
    var path: String?
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
    /// Whether llama.cpp's log lines are shown.
    var isVerbose = false

    /// The options, with llama.cpp's names.
    static var group: OptionGroup<ModelOptions> {
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
