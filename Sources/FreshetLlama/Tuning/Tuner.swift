internal import Foundation
package import Freshet
internal import Glibc

/// Finds the fastest settings for a model on this machine, by measuring what a ``TuningSearch`` asks for.
package enum Tuner {
    /// What is asked for.
    package struct Request: Sendable {
        /// The model's file.
        package var modelPath: String
        /// Adapters that change its weights.
        package var adapters: [LoRAAdapter] = []
        /// Types of keys and values that may be tried, although they change answers a little.
        package var cacheTypes: [LlamaOptions.CacheType] = []
        /// Whether only what changes most is looked at, and in shorter runs.
        package var isQuick = false
        /// Processors that may be used.
        var processorCount = ProcessInfo.processInfo.activeProcessorCount
        /// About how long one run of a measurement takes, in seconds; half of it where it is to be quick.
        package var moment = 0.5

        /// A request for a model.
        package init(modelPath: String) { self.modelPath = modelPath }
    }

    /// What is being done.
    package struct Progress: Sendable {
        /// What is being found out.
        package var subject: String
        /// How much is done, from 0 to 1.
        package var fraction: Double
        /// How many questions have been answered.
        package var findings: [TuningSearch.Finding]
    }

    /// Searches, on a thread of its own.
    ///
    /// - Parameters:
    ///   - shouldStop: asked many times, on that thread; `true` ends the search.
    ///   - progress: called on that thread after each pair of measurements.
    /// - Returns: the search at its end.
    /// - Throws: ``GenerationError`` when the model cannot be used, or `cancelled` when the search was stopped.
    package static func search(
        _ request: Request, shouldStop: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws(GenerationError) -> TuningSearch {
        try await DedicatedThread.value(named: "freshet-tune") { () throws(GenerationError) in
            let workshop = Workshop(
                path: request.modelPath, adapters: request.adapters,
                moment: request.isQuick ? request.moment / 2 : request.moment,
                shouldStop: shouldStop)
            return try workshop.search(request, progress: progress)
        }
    }
}

/// The models and contexts of a search, of which there are never more than the two that are compared.
private final class Workshop {
    private let path: String
    private let adapters: [LoRAAdapter]
    private let moment: Double
    private let shouldStop: @Sendable () -> Bool
    private var models: [LlamaModel.LoadOptions: LlamaModel] = [:]
    private var probes: [TunedSettings: SpeedProbe] = [:]
    private var length = 0

    init(path: String, adapters: [LoRAAdapter], moment: Double, shouldStop: @escaping @Sendable () -> Bool) {
        self.path = path
        self.adapters = adapters
        self.moment = moment
        self.shouldStop = shouldStop
    }

    func search(
        _ request: Tuner.Request, progress: (Tuner.Progress) -> Void
    ) throws(GenerationError) -> TuningSearch {
        var plain = LlamaOptions(modelPath: path)
        plain.load.adapters = adapters
        let first = try model(plain.load, beside: [])
        let start = TunedSettings(of: plain, for: first)
        let (work, longest) = try calibrate(first, start)
        let traffic = try WeightTraffic(GGUFFile(path: path))
        let ground = TuningGround(
            processorCount: request.processorCount,
            hasQuantizedWeights: traffic.type?.isQuantized ?? false, hasBLAS: ProcessorFeatures.hasBLAS,
            hasHugePages: HugePages.areOffered, promptLength: work.promptLength, longestPrompt: longest,
            cacheTypes: request.cacheTypes, isQuick: request.isQuick)
        var search = TuningSearch(start: start, questions: ground.questions, pairLimit: request.isQuick ? 12 : 21)
        while let step = search.step {
            progress(.init(subject: step.subject, fraction: search.fraction, findings: search.findings))
            do throws(GenerationError) {
                var work = work
                work.promptLength = step.promptLength ?? work.promptLength
                let (before, after) = try measure(step, work)
                search.record(before: before, after: after)
            } catch {
                guard error.code != .cancelled else { throw error }
                search.pass(error.message)
            }
        }
        progress(.init(subject: "", fraction: 1, findings: search.findings))
        return search
    }

    /// Measures both settings of a step, in its order.
    private func measure(
        _ step: TuningSearch.Step, _ work: SpeedProbe.Work
    ) throws(GenerationError) -> (before: TuningSearch.Speeds, after: TuningSearch.Speeds) {
        probes = probes.filter { $0.key == step.before || $0.key == step.after }
        let pair = [step.before, step.after]
        // Both are made before either is timed.
        for settings in pair { _ = try probe(settings, among: pair) }
        var speeds: [TunedSettings: TuningSearch.Speeds] = [:]
        for settings in step.beginsWithAfter ? pair.reversed() : pair {
            try rest(after: pair)
            speeds[settings] = try probe(settings, among: pair).speeds(work, step.objectives)
        }
        return (speeds[step.before] ?? [:], speeds[step.after] ?? [:])
    }

    /// Lets the threads of the context before come to rest.
    private func rest(after settings: [TunedSettings]) throws(GenerationError) {
        // A single thread looks out for none.
        let isAlone = settings.allSatisfy { max($0.threads ?? 2, $0.batchThreads ?? 2) == 1 }
        try ComputeThreads.rest(isAlone: isAlone, shouldStop: shouldStop)
    }

    private func probe(_ settings: TunedSettings, among pair: [TunedSettings]) throws(GenerationError) -> SpeedProbe {
        if let probe = probes[settings] { return probe }
        func load(_ settings: TunedSettings) -> LlamaModel.LoadOptions {
            var options = LlamaOptions(modelPath: path)
            options.load.adapters = adapters
            settings.apply(to: &options)
            return options.load
        }
        let probe = try SpeedProbe(
            try model(load(settings), beside: pair.map(load)), settings, length: length, shouldStop: shouldStop)
        probes[settings] = probe
        return probe
    }

    /// A model loaded in that way; those that nobody needs any more are given back first.
    private func model(
        _ load: LlamaModel.LoadOptions, beside needed: [LlamaModel.LoadOptions]
    ) throws(GenerationError) -> LlamaModel {
        models = models.filter { needed.contains($0.key) }
        if let model = models[load] { return model }
        if let other = models.values.first, other.byteCount + other.byteCount / 4 > FreeMemory.byteCount {
            throw GenerationError(.outOfMemory, "There is no memory to hold the model in both ways at once.")
        }
        let model = try LlamaModel(path: path, options: load) { [shouldStop] _ in !shouldStop() }
        models[load] = model
        return model
    }

    /// Finds how much can be computed in a moment, and the longest prompt that takes no more than a few seconds.
    private func calibrate(
        _ model: LlamaModel, _ start: TunedSettings
    ) throws(GenerationError) -> (SpeedProbe.Work, longest: Int) {
        let trained = max(64, model.trainedContextLength)
        length = min(trained, 256)
        let probe = try SpeedProbe(model, start, length: length, shouldStop: shouldStop)
        let speeds = try probe.speeds(.init(promptLength: 32, answerLength: 4), TuningObjective.allCases)
        func count(_ objective: TuningObjective, _ seconds: Double, _ range: ClosedRange<Int>) -> Int {
            // A speed beyond all bounds must not overflow.
            let count = Int(min(1e6, (speeds[objective] ?? 0) * seconds))
            return min(range.upperBound, max(range.lowerBound, count))
        }
        // A prompt and its answer fit into what the model was trained for, however short that is.
        let answer = count(.decode, moment, 4...min(256, trained / 4))
        let room = min(trained, 4096) - answer
        let longest = min(room, count(.prompt, 8 * moment, 64...2048))
        let prompt = min(longest, count(.prompt, moment, 64...512))
        length = longest + answer
        return (SpeedProbe.Work(promptLength: prompt, answerLength: answer), longest)
    }
}

/// Whether the system has large pages for programs that ask for them.
private enum HugePages {
    static var areOffered: Bool {
        let mode = try? String(contentsOfFile: "/sys/kernel/mm/transparent_hugepage/enabled", encoding: .utf8)
        return mode.map { !$0.contains("[never]") } ?? false
    }
}
