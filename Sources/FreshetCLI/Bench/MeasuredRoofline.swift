import Freshet
import FreshetBench
import FreshetLlama

// What the machine allows a model, put together from what is counted in the file and what is measured.
extension Composition {
    /// Measures for a few seconds what memory and arithmetic reach, with the threads that the model is run with.
    ///
    /// - Throws: `GenerationError` when there is no memory for it, the file is gone, or the task is cancelled.
    static func roofline(
        of llama: LlamaModel, options: LlamaOptions, depth: Int
    ) async throws(GenerationError) -> Roofline {
        let traffic = try WeightTraffic(GGUFFile(path: llama.path))
        let threads = max(options.threads(for: llama), options.batchThreads(for: llama))
        let rates = try await MachineRates.measure(
            type: traffic.type, threads: threads, repacking: options.load.usesRepacking)
        return Roofline(
            threads: threads, measuredReadBandwidth: rates.readBandwidth, weightBytesPerToken: traffic.bytesPerToken,
            cacheBytesPerToken: llama.cacheByteCount(of: depth, keys: options.keyType, values: options.valueType),
            depth: depth, int8Rate: rates.int8Rate, floatRate: rates.floatRate,
            operationsPerToken: traffic.operationsPerPromptToken)
    }
}
