import BenchmarkTurns
import CAllocations
import Foundation
import Freshet
import FreshetLlama

/// Prints what one token's sampling costs, with Freshet's sampler and with llama.cpp's own chain, on the same logits.
///
/// The two take turns, and their medians are compared. llama.cpp's time contains, as in its programs, the filling of
/// its list of candidates. Freshet's sampler must not allocate: the benchmark stops where it does. Arguments choose
/// chains by their names.
@main
enum SamplerBenchmark {
    static func main() async {
        print("Time of one token in microseconds: the median of \(Turns.count) turns (the middle half of them).")
        print(row("chain", "vocabulary", "Freshet", "llama.cpp", "ratio"))
        let wanted = CommandLine.arguments.dropFirst()
        for workload in Workload.allCases
        where wanted.isEmpty || wanted.contains(where: { workload.rawValue.localizedCaseInsensitiveContains($0) }) {
            let sizes = workload == .defaultChain ? [32_000, 128_256, 151_936] : [151_936]
            for size in sizes { await measure(workload, size) }
        }
        guard wanted.isEmpty || wanted.contains("log-probabilities") else { return }
        print(row("log-probabilities of 5", "vocabulary", "with", "without", "cost"))
        for size in [32_000, 128_256, 151_936] { await measureLogProbabilities(size) }
    }

    /// Prints what it costs to tell five log-probabilities beside the default chain.
    private static func measureLogProbabilities(_ size: Int) async {
        let workload = Workload.defaultChain
        let sets = (0..<8).map { workload.logits(count: size, seed: $0) }
        let sampler = Sampler(options: workload.options, vocabularySize: size, contextLength: 4096, endOfGeneration: [])
        let results = await Turns.measure([
            {
                sample(sets) { logits in
                    guard let token = sampler.sample(logits) else { return nil }
                    return sampler.likelihoods(of: token, top: 5, in: logits).top.first?.token
                }
            }, { sample(sets) { logits in sampler.sample(logits) } },
        ])
        let (with, without) = (results[0], results[1])
        let cost = Turns.text(with.median - without.median)
        print(row("beside \(workload.rawValue)", "\(size)", with.summary(), without.summary(), "\(cost) µs"))
    }

    private static func measure(_ workload: Workload, _ size: Int) async {
        // More than one set of logits, so that no branch is learnt by heart.
        let sets = (0..<8).map { workload.logits(count: size, seed: $0) }
        let sampler = Sampler(
            options: workload.options, vocabularySize: size, contextLength: 4096, endOfGeneration: [])
        let chain = LlamaChain(workload.options, vocabularySize: size)
        for token in workload.history(vocabularySize: size) {
            sampler.accept(token)
            chain.accept(token)
        }
        let results = await Turns.measure([
            { sample(sets) { logits in sampler.sample(logits) } }, { sample(sets) { logits in chain.sample(logits) } },
        ])
        let before = allocations_of_this_thread()
        for logits in sets { use(logits.withUnsafeBufferPointer(sampler.sample)) }
        let allocations = allocations_of_this_thread() - before
        precondition(allocations == 0, "\(workload.rawValue) allocated \(allocations) times for \(sets.count) tokens")
        let (ours, theirs) = (results[0], results[1])
        let ratio = Turns.text(theirs.median / ours.median)
        print(row(workload.rawValue, "\(size)", ours.summary(), theirs.summary(), "\(ratio) ×"))
    }

    /// Chooses a token from each set.
    private static func sample(
        _ sets: [[Float]], _ sample: (UnsafeBufferPointer<Float>) -> Token?
    ) -> Int {
        for logits in sets { use(logits.withUnsafeBufferPointer(sample)) }
        return sets.count
    }

    /// Keeps the compiler from leaving out what nobody looks at.
    @inline(never)
    private static func use(_ token: Token?) {}

    private static func row(_ chain: String, _ size: String, _ ours: String, _ theirs: String, _ ratio: String)
        -> String
    {
        Turns.row([(chain, 34), (size, 12), (ours, 26), (theirs, 30), (ratio, 0)])
    }
}
