internal import Freshet

/// What is known before anything is measured, and decides which questions are asked.
package struct TuningGround: Sendable, Hashable {
    /// Processors that the process may use.
    package var processorCount: Int
    /// Whether the model has quantised weights, which can be interleaved.
    package var hasQuantizedWeights: Bool
    /// Whether OpenBLAS is part of this build.
    package var hasBLAS: Bool
    /// Whether the system has large pages for those who ask.
    package var hasHugePages: Bool
    /// Tokens of the prompt that is usually measured with.
    package var promptLength: Int
    /// The longest prompt that takes no more than a few seconds, and fits.
    package var longestPrompt: Int
    /// The types of keys and values that a person allows, because they change answers a little.
    package var cacheTypes: [LlamaOptions.CacheType]
    /// Whether only the settings that change most are looked at.
    package var isQuick: Bool

    /// What is known.
    package init(
        processorCount: Int, hasQuantizedWeights: Bool, hasBLAS: Bool, hasHugePages: Bool, promptLength: Int,
        longestPrompt: Int, cacheTypes: [LlamaOptions.CacheType] = [], isQuick: Bool = false
    ) {
        self.processorCount = processorCount
        self.hasQuantizedWeights = hasQuantizedWeights
        self.hasBLAS = hasBLAS
        self.hasHugePages = hasHugePages
        self.promptLength = promptLength
        self.longestPrompt = longestPrompt
        self.cacheTypes = cacheTypes
        self.isQuick = isQuick
    }

    /// The questions, in the order in which they are asked: first what changes most, and what a later one builds on.
    package var questions: [TuningQuestion] {
        var questions = threadQuestions
        if hasQuantizedWeights {
            questions.append(TuningQuestion("no repacking") { $0.usesRepacking = false })
        }
        if hasHugePages { questions.append(TuningQuestion("large pages") { $0.usesHugePages = true }) }
        if isQuick { return questions + microBatchQuestions([256]) + cacheQuestions }
        questions.append(TuningQuestion("no memory map") { $0.usesMemoryMap = false })
        questions.append(TuningQuestion("no flash attention") { $0.flashAttention = false })
        questions += microBatchQuestions([128, 256, 1024, 2048])
        if longestPrompt >= 2048 {
            questions.append(
                TuningQuestion("steps of 2048", [.prompt], promptLength: 2048) { $0.batchSize = 2048 })
        }
        return questions + blasQuestions + cacheQuestions
    }

    /// All threads, and fewer: two that share a core, or wait for the same memory, may be in each other's way.
    private var threadQuestions: [TuningQuestion] {
        let all = processorCount
        let counts = Set([1, all / 4, all / 2, all * 3 / 4, all - 1, all].filter { $0 >= 1 }).sorted(by: >)
        // The engine's own choice is among them, and is passed over when its turn comes.
        let few = all > 4 && !isQuick ? counts : counts.filter { $0 >= all / 2 }
        return few.map { count in
            TuningQuestion("\(count.counted("thread")) a token", [.decode]) { $0.threads = count }
        }
            + few.map { count in
                TuningQuestion("\(count.counted("thread")) a prompt", [.prompt]) { $0.batchThreads = count }
            }
    }

    private func microBatchQuestions(_ sizes: [Int]) -> [TuningQuestion] {
        sizes.filter { $0 <= longestPrompt }.map { size in
            // A prompt that is shorter would not show the difference.
            TuningQuestion("\(size) tokens at once", [.prompt], promptLength: max(size, min(512, longestPrompt))) {
                $0.microBatchSize = size
                // A step must hold them.
                if size > 512 { $0.batchSize = size }
            }
        }
    }

    private var blasQuestions: [TuningQuestion] {
        guard hasBLAS else { return [] }
        var questions = [TuningQuestion("OpenBLAS") { $0.usesBLAS = true }]
        if hasQuantizedWeights {
            // It cannot multiply with repacked weights, and so shows only without.
            questions.append(
                TuningQuestion("OpenBLAS without repacking") { ($0.usesBLAS, $0.usesRepacking) = (true, false) })
        }
        return questions
    }

    private var cacheQuestions: [TuningQuestion] {
        cacheTypes.map { type in
            TuningQuestion("keys and values in \(type.rawValue)", promptLength: min(1024, longestPrompt)) {
                ($0.keyType, $0.valueType) = (type, type)
            }
        }
    }
}
