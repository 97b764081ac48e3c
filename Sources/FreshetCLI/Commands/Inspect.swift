import Freshet
import FreshetLlama

/// `freshet inspect`: tells what is in a GGUF file, of whatever architecture, without loading it.
enum Inspect {
    /// What can be chosen.
    struct Values {
        var model: String?
        var isJSON = false
        var showsTensors = false
        var showsTemplate = false
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "inspect", summary: "Show what is in a model's file", defaults: Values(),
            operand: Operand(
                placeholder: "MODEL", isRequired: false, help: "the GGUF file; without it, the embedded model",
                path: \.model),
            groups: [
                OptionGroup(
                    title: "Options",
                    options: [
                        .text("-m", "--model", placeholder: "FILE", help: "another way to name the file") {
                            values, text, _ in
                            values.model = text
                        },
                        .flag("--template", path: \.showsTemplate, help: "show the chat template in full"),
                        .flag("--tensors", path: \.showsTensors, help: "list every tensor"),
                        .flag("--json", path: \.isJSON, help: "write JSON, with everything but the weights"),
                    ])
            ], notes: ["Any GGUF file can be inspected, also one that this engine cannot run; the page then says why."])
    }

    static func run(_ values: Values, console: Console) async throws {
        let path = if let model = values.model { model } else { try EmbeddedModel.find() }
        let file = try GGUFFile(path: path)
        let page = ModelPage(file)
        if values.isJSON {
            let json = try page.json()
            try console.output.write((console.output.isTerminal ? json.printable : json) + "\n")
        } else {
            let lines = page.lines(showingTensors: values.showsTensors, showingTemplate: values.showsTemplate)
            try console.output.write(lines.joined(separator: "\n") + "\n")
        }
    }
}
