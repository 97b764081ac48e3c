import Freshet
import FreshetLlama

/// `freshet synth`: makes a model with random weights, of a real model's shape.
enum Synth {
    /// What can be chosen.
    struct Values {
        var shape = "qwen2.5-0.5b"
        var quantization = SyntheticQuantization.q4_K_M
        var output: String?
        var seed = 0
    }

    static var syntax: Syntax<Values> {
        let shapes = SyntheticShape.all.map(\.name).joined(separator: ", ")
        let types = SyntheticQuantization.allCases.map(\.rawValue)
        return Syntax(
            name: "synth", summary: "Make a model with random weights, to measure speed with", defaults: Values(),
            operand: nil,
            groups: [
                OptionGroup(
                    title: "Options",
                    options: [
                        .text(
                            "--shape", placeholder: "NAME", help: "whose sizes the model has", current: { $0.shape },
                            set: { (values: inout Values, text: String, name: String) throws(UsageError) in
                                guard SyntheticShape.named(text) != nil else {
                                    throw UsageError(message: "\(name) must be \(shapes), but is \(text.quoted).")
                                }
                                values.shape = text
                            }),
                        .text(
                            "--quant", placeholder: types.joined(separator: "|"),
                            help: "how its numbers are stored, as llama-quantize calls it",
                            current: { $0.quantization.rawValue },
                            set: { (values: inout Values, text: String, name: String) throws(UsageError) in
                                guard let quantization = SyntheticQuantization(name: text) else {
                                    let known = types.joined(separator: ", ")
                                    throw UsageError(message: "\(name) must be \(known), but is \(text.quoted).")
                                }
                                values.quantization = quantization
                            }),
                        .integer(
                            "-s", "--seed", in: 0...Int.max, path: \.seed,
                            help: "what the weights are drawn from; the same seed gives the same file"),
                        .text("-o", "--output", placeholder: "FILE", help: "the GGUF file to write") {
                            values, text, _ in
                            values.output = text
                        },
                    ])
            ],
            notes: [
                "Shapes: \(shapes).",
                "A model's speed and memory do not depend on its weights, so such a file stands for the real one in "
                    + "benchmarks, without a download; its vocabulary has the real size, and its answers are no words. "
                    + "The shapes whose names begin with tiny take no time to make, and have each kind of memory: full "
                    + "attention, a sliding window, a recurrent state, and both.",
                "The file appears when it is whole; one that was there is replaced.",
            ])
    }

    static func run(_ values: Values, console: Console) async throws {
        guard let path = values.output else {
            throw UsageError(message: "synth needs a file to write: freshet synth -o FILE.")
        }
        // Parsing took no other names.
        guard let shape = SyntheticShape.named(values.shape) else { return }
        let model = SyntheticModel(shape: shape, quantization: values.quantization, seed: UInt64(values.seed))
        let draft = try OutputDraft(of: path)
        try await Composition.withProgress("Making the model", console) { progress async throws(GenerationError) in
            try await model.write(to: draft.descriptor, progress: progress)
        }
        let size = draft.size
        try draft.place()
        let millions = (model.parameterCount + 500_000) / 1_000_000
        console.note(
            "Wrote \(path): \(shape.name) in \(values.quantization.rawValue), \(millions) M parameters, "
                + "\((size + 500_000) / 1_000_000) MB.")
    }
}
