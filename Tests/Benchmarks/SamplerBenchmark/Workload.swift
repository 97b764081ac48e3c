import Freshet
import FreshetLlama

/// A chain and the logits it is measured on.
enum Workload: String, CaseIterable {
    case defaultChain = "top-k, top-p, min-p, temperature"
    case allEqual = "the same, all logits equal"
    case ascending = "the same, ascending logits"
    case greedy
    case penalties = "penalties, then the same"
    case dry = "DRY, then the same"
    case minP = "min-p alone"
    case topP = "top-p alone"
    case topPFlat = "top-p alone, flat logits"
    case topK2000 = "top-k 2000"
    case topNSigma = "top-n-sigma alone"
    case typicalP = "typical-p alone"
    case xtc = "XTC alone"
    case temperature = "temperature alone"
    case dynamicTemperature = "dynamic temperature alone"
    case mirostat1 = "mirostat 1"
    case mirostat2 = "mirostat 2"

    /// What the two samplers are made of.
    var options: SamplingOptions {
        var options = SamplingOptions()
        options.seed = 1
        options.drySequenceBreakers = []
        switch self {
        case .defaultChain, .allEqual, .ascending: break
        case .greedy: options.temperature = 0
        case .penalties: (options.repeatPenalty, options.presencePenalty) = (1.1, 0.1)
        case .dry: options.dryMultiplier = 0.8
        case .minP: options.stages = [.minP]
        case .topP, .topPFlat: options.stages = [.topP]
        case .topK2000: (options.stages, options.topK) = ([.topK], 2000)
        case .topNSigma: (options.stages, options.topNSigma) = ([.topNSigma], 1)
        case .typicalP: (options.stages, options.typicalP) = ([.typicalP], 0.9)
        case .xtc: (options.stages, options.xtcProbability) = ([.xtc], 1)
        case .temperature: options.stages = [.temperature]
        case .dynamicTemperature: (options.stages, options.dynamicTemperatureRange) = ([.temperature], 0.4)
        case .mirostat1: (options.mirostat, options.mirostatTau) = (.v1, 3)
        case .mirostat2: (options.mirostat, options.mirostatTau) = (.v2, 3)
        }
        return options
    }

    /// Logits as a language model gives them, most low and a few dozen high, unless the workload is about others.
    func logits(count: Int, seed: Int) -> [Float] {
        var random = RandomSource(seed: UInt64(seed))
        func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + random.nextUnit() } }
        switch self {
        case .allEqual: return [Float](repeating: 1, count: count)
        case .ascending: return (0..<count).map { 20 * Float($0) / Float(count) }
        case .topPFlat: return (0..<count).map { _ in Float(normal() * 0.5) }
        default: return SyntheticLogits.make(count: count, seed: UInt64(seed))
        }
    }

    /// The last tokens of a sequence in which some come back.
    func history(vocabularySize: Int) -> [Token] { (0..<100).map { Token($0 * $0 % 47 * 31 % vocabularySize) } }
}
