import Foundation
import Freshet
import FreshetBench

/// `freshet bench`: measures a model, on this machine or at a server, alone or beside another server.
enum Bench {
    /// What can be chosen.
    struct Values {
        var topics: [String] = []
        var listsTopics = false
        var scope = Scope()
        var rounds = 3
        var format = Format.table
        var output: String?
        var rival = RivalOptions()
        var source = ModelSource()
    }

    /// How a report is written.
    enum Format: String, CaseIterable {
        case table, json, csv, html

        /// The report's text.
        func render(_ report: Report) throws(GenerationError) -> String {
            switch self {
            case .table: TableReport(report).render()
            case .json: try JSONReport(report).render()
            case .csv: CSVReport(report).render()
            case .html: HTMLReport(report).render()
            }
        }
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "bench", summary: "Measure a model's speed", defaults: Values(),
            operand: Operand(
                placeholder: "WHAT",
                help: "what to measure, by the names that --list shows; all of them for “all”", path: \.topics),
            groups: [workOptions, outputOptions, RivalOptions.group.lifted(to: \.rival)]
                + ModelSource.groupsWithoutDraft.map { $0.lifted(to: \.source) },
            notes: [
                "Without WHAT, a quick run of a minute or two on a model of half a billion parameters; it names what it "
                    + "leaves out. Each row is measured once to warm up and then --repetitions times; two sides take turns, "
                    + "and the one that begins changes, because whatever else a machine does slows both alike only then.",
                "pp512 and tg128 mean what llama-bench means by them: the speed of a prompt of 512 tokens, and of an answer "
                    + "of 128, “@ d1024” behind 1,024 tokens in memory.",
                "With --against a server gets the same requests, and the last column is the first side's figure divided by "
                    + "the server's. Prompts are token ids, or words where the server takes no ids; what it does not count "
                    + "is not guessed.",
                "Exit status: 0 done, 1 failed, also where a part of it failed and the rest was written, 2 wrong usage, "
                    + "130 interrupted by Ctrl-C: what was measured by then is written.",
            ])
    }

    private static var workOptions: OptionGroup<Values> {
        OptionGroup(
            title: "Measurements",
            options: [
                .flag("--list", path: \.listsTopics, help: "list what can be measured, and measure nothing"),
                .numbers(
                    "-p", "--n-prompt", in: 1...(1 << 20), path: \.scope.promptLengths,
                    help: "tokens of the prompts whose speed and first token are measured"),
                .integer(
                    "-n", "--n-gen", in: 8...(1 << 20), path: \.scope.answerLength,
                    help: "tokens of the answers whose speed is measured"),
                .numbers(
                    "-d", "--n-depth", in: 0...(1 << 20), path: \.scope.depths,
                    help: "tokens in memory before what is timed"),
                .numbers(
                    "--streams", in: 1...64, path: \.scope.streams,
                    help: "how many streams run side by side; gaps are measured with the most of them"),
                .integer(
                    "--long", in: 64...(1 << 20), path: \.scope.longPrompt,
                    help: "tokens of the prompt that disturbs other streams, or whose client leaves"),
                .integer("-r", "--repetitions", in: 1...1000, path: \.rounds, help: "how often each row is measured"),
            ])
    }

    private static var outputOptions: OptionGroup<Values> {
        OptionGroup(
            title: "Output",
            options: [
                .choice(
                    "--format", path: \.format,
                    help:
                        "a table, or the whole report as JSON, its figures as CSV, or as a page with plots for a browser"
                ),
                .text("-o", "--output", placeholder: "FILE", help: "write to a file instead of standard output") {
                    values, text, _ in
                    values.output = text
                },
            ])
    }

    static func run(_ values: Values, console: Console) async throws {
        guard !values.listsTopics else { return try list(console) }
        let topics = try values.chosenTopics
        let experiments = values.scope.experiments(topics)
        let rival = try values.rival.rival(environment: Composition.environment)
        if let path = values.output { try OutputFile.check(path) }
        var source = values.source
        // A context takes its memory at once: no more than is needed, where nobody has chosen.
        (source.model.slotCount, source.model.contextLimit) = (
            experiments.needs.streams, experiments.needs.contextLength
        )
        var report: Report?
        try await Composition.withModel(source, console: console) { model in
            try await Composition.withContenders(model, rival: rival) { contenders in
                report = try await measure(contenders, experiments, values, model: model, console: console)
            }
        }
        guard let report else { return }
        let text = try values.format.render(report)
        if let path = values.output {
            try OutputFile.write(text, to: path)
        } else {
            try console.output.write(console.output.isTerminal ? text.printable : text)
        }
        if !report.isWhole, let signal = console.signals.received { throw Exit.interrupted(by: signal) }
        if report.hasFailures {
            throw Exit.failed("Not all that was to be measured could be; the report says what failed, and why.")
        }
    }

    private static func list(_ console: Console) throws {
        let lines = Topic.allCases.flatMap { topic in
            let mark = Scope.quick.contains(topic) ? "" : " (not in the quick run)"
            return HelpLine(term: topic.rawValue, text: topic.summary + mark).lines(width: console.helpWidth)
        }
        try console.output.write(lines.joined(separator: "\n") + "\n")
    }

    /// Measures, with a bar while it takes. A signal ends it with what was measured by then.
    ///
    /// - Throws: `GenerationError` when one of the sides answers nothing.
    private static func measure(
        _ contenders: [Contender], _ chosen: [any Experiment], _ values: Values, model: Composition.Model,
        console: Console
    ) async throws -> Report {
        let bar = ProgressBar("Measuring", on: console.errors)
        defer { bar.finish() }
        // What runs when a signal comes, such as the writing of computed prompts, may take more than a second to end.
        console.signals.grantTime(.seconds(20))
        let measuring = Task { () throws(GenerationError) in
            let manner = try await Manner.settle(for: contenders.map(\.provider))
            var (experiments, contenders) = (chosen, contenders)
            for place in contenders.indices { contenders[place].side.settings["prompts"] = manner.description }
            let build = Report.Build(version: Main.version, commit: Checkout.commit())
            var report = Report(
                date: Date(), build: build, machine: .current, sides: contenders.map(\.side), rounds: values.rounds)
            report.omissions = experiments.removeImpossible(
                contextLength: model.contextLength, isLocal: model.instruments != nil)
            report.omissions += values.omissions
            let benchmark = Benchmark(contenders, experiments: experiments, manner: manner, rounds: values.rounds)
            let found = await benchmark.run(report) { title, left in
                let rest = left.seconds.map { ", about \(Quantity.wait($0)) left" } ?? ""
                bar.show(left.fraction, note: title + rest)
            }
            bar.show(1, note: "what the machine allows")
            return await found.withRoofline(by: model.instruments)
        }
        return try await console.signals.stopping(with: measuring.cancel) { try await measuring.value }
    }
}

extension Bench.Values {
    /// What was named, or what a quick run has.
    fileprivate var chosenTopics: [Topic] {
        get throws(UsageError) {
            guard !topics.isEmpty else { return Scope.quick }
            guard topics != ["all"] else { return Topic.allCases }
            var chosen: [Topic] = []
            for name in topics {
                guard let topic = Topic(rawValue: name) else {
                    let known = Topic.allCases.map(\.rawValue)
                    let hint = known.nearest(to: name).map { "did you mean \($0)?" }
                    throw UsageError(
                        message: "bench cannot measure \(name.quoted); "
                            + (hint ?? "it can \(known.joined(separator: ", "))."))
                }
                if !chosen.contains(topic) { chosen.append(topic) }
            }
            return chosen
        }
    }

    /// What a quick run leaves out.
    fileprivate var omissions: [Report.Omission] {
        guard topics.isEmpty else { return [] }
        return Topic.allCases.filter { !Scope.quick.contains($0) }.map {
            Report.Omission($0, "\($0.summary); “freshet bench \($0.rawValue)” measures it.")
        }
    }
}
