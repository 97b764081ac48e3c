import CAllocations
import Foundation
import Freshet
import FreshetLlama

/// Prints what one token's sampling costs, with Freshet's sampler and with llama.cpp's own chain, on the same logits.
///
/// The two take turns, a few milliseconds each, and the medians of many turns are compared, so that whatever else runs
/// on the machine slows both alike; the thread's own processor time is counted. llama.cpp's time contains, as in its
/// programs, the filling of its list of candidates. Freshet's sampler must not allocate: the benchmark stops where it
/// does. Arguments choose chains by their names.
@main
enum SamplerBenchmark {
    private static let turns = 41
    /// In microseconds.
    private static let turnLength = 4000.0

    static func main() {
        print("Time of one token in microseconds: the median of \(turns) turns (the middle half of them).")
        print(row("chain", "vocabulary", "Freshet", "llama.cpp", "ratio"))
        let wanted = CommandLine.arguments.dropFirst()
        for workload in Workload.allCases
        where wanted.isEmpty || wanted.contains(where: { workload.rawValue.localizedCaseInsensitiveContains($0) }) {
            let sizes = workload == .defaultChain ? [32_000, 128_256, 151_936] : [151_936]
            for size in sizes { measure(workload, size) }
        }
    }

    private static func measure(_ workload: Workload, _ size: Int) {
        // More than one set of logits, so that no branch is learnt by heart.
        let sets = (0..<8).map { workload.logits(count: size, seed: $0) }
        let sampler = Sampler(
            options: workload.options, vocabularySize: size, contextLength: 4096, endOfGeneration: [])
        let chain = LlamaChain(workload.options, vocabularySize: size)
        for token in workload.history(vocabularySize: size) {
            sampler.accept(token)
            chain.accept(token)
        }
        var (ours, theirs): ([Double], [Double]) = ([], [])
        for turn in 0..<turns + 2 {
            let mine = time(sets) { logits in sampler.sample(logits) }
            let its = time(sets) { logits in chain.sample(logits) }
            // The first turns find cold memory.
            if turn >= 2 { (ours, theirs) = (ours + [mine], theirs + [its]) }
        }
        let before = allocations_of_this_thread()
        for logits in sets { use(logits.withUnsafeBufferPointer(sampler.sample)) }
        let allocations = allocations_of_this_thread() - before
        precondition(allocations == 0, "\(workload.rawValue) allocated \(allocations) times for \(sets.count) tokens")
        (ours, theirs) = (ours.sorted(), theirs.sorted())
        let ratio = theirs[turns / 2] / ours[turns / 2]
        print(row(workload.rawValue, "\(size)", spread(ours), spread(theirs), "\(tenths(ratio)) ×"))
    }

    /// Microseconds for one call, on average over a turn.
    private static func time(_ sets: [[Float]], _ sample: (UnsafeBufferPointer<Float>) -> Token?) -> Double {
        let start = processorTime()
        var (calls, elapsed) = (0, 0.0)
        repeat {
            for logits in sets { use(logits.withUnsafeBufferPointer(sample)) }
            calls += sets.count
            elapsed = processorTime() - start
        } while elapsed < turnLength
        return elapsed / Double(calls)
    }

    /// The time that this thread has run, in microseconds.
    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    /// Keeps the compiler from leaving out what nobody looks at.
    @inline(never)
    private static func use(_ token: Token?) {}

    private static func spread(_ sorted: [Double]) -> String {
        "\(tenths(sorted[turns / 2])) (\(tenths(sorted[turns / 4]))–\(tenths(sorted[turns * 3 / 4])))"
    }

    private static func tenths(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

    private static func row(_ chain: String, _ size: String, _ ours: String, _ theirs: String, _ ratio: String)
        -> String
    {
        let cells = [(chain, 34), (size, 12), (ours, 26), (theirs, 30), (ratio, 0)]
        return cells.map { cell, width in cell + String(repeating: " ", count: max(0, width - cell.count)) }.joined()
    }
}
