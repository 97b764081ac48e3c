/// What the benchmark's arguments choose.
struct BenchmarkOptions {
    /// What to measure, in order.
    var contests: [Contest] = []
    /// How often each side has its turn.
    var rounds = 5
    /// Threads of each program; `nil` is one for each processor.
    var threads: Int?
    /// The model's shape and mixture of types, as `freshet synth` calls them.
    var shape = "qwen2.5-0.5b"
    var quantization = "q4_K_M"
    /// A model's file, instead of a synthetic one.
    var model: String?
    /// Further arguments of llama.cpp's program.
    var rivalArguments: [String] = []

    /// What is wrong with the arguments, or what was asked for instead of a measurement.
    struct Refusal: Error {
        var message: String
        var status: Int32
    }

    static let usage = """
        Usage: scripts/bench engine [FIGURE…] [OPTION…] [-- ARGUMENT…]

        Figures: \(Contest.allCases.map(\.rawValue).joined(separator: ", ")); all of them unless some are named.

          --rounds N     how often each side has its turn (5)
          --threads N    threads of each program (one for each processor)
          --shape NAME   the synthetic model's shape (qwen2.5-0.5b)
          --quant TYPE   how its numbers are stored (q4_K_M)
          --model FILE   a model of your own instead
          -- ARGUMENT…   further arguments for llama.cpp's program, to compare with other settings of its
        """

    /// Reads arguments, the program's name not among them.
    ///
    /// - Throws: ``Refusal`` for the first that is wrong, and for `--help`.
    init(_ arguments: [String]) throws(Refusal) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "-h", "--help": throw Refusal(message: Self.usage, status: 0)
            case "--": (rivalArguments, rest) = (Array(rest), [])
            case "--rounds": rounds = try Self.number(argument, &rest)
            case "--threads": threads = try Self.number(argument, &rest)
            case "--shape": shape = try Self.value(argument, &rest)
            case "--quant": quantization = try Self.value(argument, &rest)
            case "--model": model = try Self.value(argument, &rest)
            default:
                guard let contest = Contest(rawValue: argument) else {
                    throw Refusal(
                        message: "engine has no figure and no option “\(argument)”.\n\n\(Self.usage)", status: 2)
                }
                contests.append(contest)
            }
        }
        if contests.isEmpty { contests = Contest.allCases }
    }

    private static func value(_ name: String, _ rest: inout ArraySlice<String>) throws(Refusal) -> String {
        guard let value = rest.popFirst() else { throw Refusal(message: "\(name) needs a value.", status: 2) }
        return value
    }

    private static func number(_ name: String, _ rest: inout ArraySlice<String>) throws(Refusal) -> Int {
        let text = try value(name, &rest)
        guard let number = Int(text), 1...999 ~= number else {
            throw Refusal(message: "\(name) needs a whole number from 1 to 999, but got “\(text)”.", status: 2)
        }
        return number
    }
}
