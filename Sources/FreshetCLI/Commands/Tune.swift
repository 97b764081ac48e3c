import Foundation
import Freshet
import FreshetBench
import FreshetLlama

/// `freshet tune`: finds the settings that make a model fastest on this machine, and keeps them.
enum Tune {
    /// What can be chosen.
    struct Values {
        var path: String?
        var model = ModelOptions()
        var cacheTypes: [LlamaOptions.CacheType] = []
        var isQuick = false
        var runTime = 500
        var isDryRun = false
        var isVerbose = false
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "tune", summary: "Find the fastest settings for a model on this machine", defaults: Values(),
            operand: Operand(
                placeholder: "MODEL", isRequired: false, help: "the model's GGUF file; without it, the embedded model",
                path: \.path),
            groups: [
                OptionGroup(
                    title: "Options",
                    options: [
                        .flag("--quick", path: \.isQuick, help: "look only at what changes most, in shorter runs"),
                        .integer(
                            "--run-time", placeholder: "MILLISECONDS", in: 1...60_000, path: \.runTime,
                            help: "about how long one run takes, half of it with --quick; longer runs tell smaller "
                                + "differences"),
                        .flag("--dry-run", path: \.isDryRun, help: "show what was found, and save nothing"),
                        .text(
                            "--allow-kv", placeholder: "TYPE,…",
                            help: "types of attention's keys and values that may be tried, q8_0 or q4_0; they change "
                                + "answers a little", set: setCacheTypes),
                        ModelOptions.adapterOption.lifted(to: \.model),
                        .flag("-v", "--verbose", path: \.isVerbose, help: "show llama.cpp's log on standard error"),
                    ])
            ],
            notes: [
                "Measures prompts and answers with one change at a time: threads for answers and for prompts, repacking, "
                    + "large pages, memory map, flash attention, tokens computed at once, and OpenBLAS. Both ways take "
                    + "turns; a change is kept when it is clearly faster, and neither speed loses more than 1 %. At the "
                    + "end all of it is measured against what was before, in the same way, and is saved if it was seen that no "
                    + "speed is below 0.98 of that.",
                "The profile is for this processor and this file. Every command that loads the model uses it and says so "
                    + "under --verbose; options on the command line stand, and --no-profile leaves it out. It lies below "
                    + "$XDG_CONFIG_HOME or ~/.config, in freshet/profiles. Let the machine do nothing else meanwhile.",
                "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C, with nothing saved.",
            ])
    }

    private static func setCacheTypes(_ values: inout Values, _ text: String, _ name: String) throws(UsageError) {
        for word in try [String](list: text, of: "types", for: name) {
            guard let type = LlamaOptions.CacheType(rawValue: word), type != .f16 else {
                throw UsageError(message: "\(name) must be q8_0 or q4_0, or both, but is \(word.quoted).")
            }
            if !values.cacheTypes.contains(type) { values.cacheTypes.append(type) }
        }
    }

    static func run(_ values: Values, console: Console) async throws {
        let path = try values.path ?? EmbeddedModel.find()
        let file = try GGUFFile(path: path)
        try file.checkUsable()
        let folder = ProfileFolder(environment: Composition.environment)
        // Known before minutes of measuring.
        guard folder != nil || values.isDryRun else {
            throw Exit.failed("There is no place for a profile: neither XDG_CONFIG_HOME nor HOME is set.")
        }
        if values.isVerbose { LlamaLog.send { line in console.note(line.text) } }
        let machine = Machine.current
        if let load = machine.load, load > Double(machine.processorCount) / 2 {
            let count = machine.processorCount.counted("processor")
            console.note(
                "Other programs keep this machine busy (load \(Quantity.number(load)) on \(count)); what is fastest "
                    + "beside them may not be when they have gone.")
        }
        let adapters = try file.checked(values.model.adapters)
        var request = Tuner.Request(modelPath: path)
        request.adapters = values.model.adapters
        (request.cacheTypes, request.isQuick) = (values.cacheTypes, values.isQuick)
        request.moment = Double(values.runTime) / 1000
        let search = try await search(request, console: console)
        var report = TuningReport(search: search)
        if !values.isDryRun, report.isWorthSaving, let folder {
            let profile = Profile(
                key: ModelProfile.key(of: file.fingerprint(with: adapters)), date: Date(), settings: search.changes,
                gains: search.gains ?? [])
            try folder.save(profile)
            report.place = folder.file(for: profile.key)
        }
        report.isDryRun = values.isDryRun
        // A remark may hold words of the model's file.
        try console.output.write(console.output.isTerminal ? report.text.printable : report.text)
    }

    /// Searches, with a bar while it takes; a signal ends it.
    private static func search(_ request: Tuner.Request, console: Console) async throws -> TuningSearch {
        let bar = ProgressBar("Tuning", on: console.errors)
        defer { bar.finish() }
        // A copy of a large model takes more than a second to be given back.
        console.signals.grantTime(.seconds(20))
        let start = ContinuousClock.now
        return try await Tuner.search(request, shouldStop: { console.signals.received != nil }) { progress in
            let elapsed = (ContinuousClock.now - start) / .seconds(1)
            // The first minutes' speed says little before there are some.
            let left = progress.fraction > 0.03 ? elapsed * (1 - progress.fraction) / progress.fraction : nil
            bar.show(
                progress.fraction,
                note: progress.subject + (left.map { ", about \(Quantity.wait($0)) left" } ?? ""))
        }
    }
}
