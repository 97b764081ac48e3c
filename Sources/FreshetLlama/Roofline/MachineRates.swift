internal import CLlama
package import Freshet

/// What this machine's memory and arithmetic reach with a number of threads: the two lines of a roofline. Each is the
/// best of several tries, because whatever else the machine does only makes them less.
package struct MachineRates: Sendable, Hashable {
    /// Bytes a second that all threads together read from memory.
    package var readBandwidth: Double
    /// Multiplications and additions a second of quantised weights, as 8-bit integers, through ggml; `nil` where the
    /// model has none.
    package var int8Rate: Double?
    /// The same of floating-point numbers: those of the model's own type, or of 32 bits where it is quantised.
    package var floatRate: Double

    /// Measures for a few seconds, on a thread of its own.
    ///
    /// - Parameters:
    ///   - type: how the model's weights are stored.
    ///   - threads: threads that compute.
    ///   - repacking: whether quantised weights are interleaved, as ``LlamaModel/LoadOptions/usesRepacking`` says.
    ///   - size: how much is read and multiplied.
    /// - Throws: ``GenerationError``: `outOfMemory`, or `cancelled` before the next try when the task is cancelled.
    static func measure(
        type: GGUFTensorType?, threads: Int, repacking: Bool, size: Size
    ) async throws(GenerationError) -> MachineRates {
        try await DedicatedThread.cancellableValue(named: "freshet-rates") { cancellation throws(GenerationError) in
            freshet_start()
            let bandwidth = try check("The speed of memory cannot be measured", cancellation) {
                callback, data, failure in
                freshet_read_bandwidth(Int32(clamping: threads), size.buffer, size.rounds, callback, data, failure)
            }
            func rate(_ name: String) throws(GenerationError) -> Double {
                try check("The speed of \(name) products cannot be measured", cancellation) {
                    callback, data, failure in
                    freshet_matrix_rate(
                        name, size.columns, size.rows, size.tokens, Int32(clamping: threads), repacking, size.rounds,
                        callback, data, failure)
                }
            }
            let own = type ?? GGUFTensorType(number: 0)
            return MachineRates(
                readBandwidth: bandwidth, int8Rate: try own.flatMap { $0.isQuantized ? $0.name : nil }.map(rate),
                floatRate: try rate(own.map { $0.isQuantized ? "f32" : $0.name } ?? "f32"))
        }
    }

    /// Measures as ``measure(type:threads:repacking:size:)`` does, at the size that a report is made with.
    package static func measure(
        type: GGUFTensorType?, threads: Int, repacking: Bool
    ) async throws(GenerationError) -> MachineRates {
        try await measure(type: type, threads: threads, repacking: repacking, size: Size())
    }

    /// How much is read and multiplied.
    struct Size: Sendable {
        /// Bytes: several times the last cache of any processor of our days, if there is the memory.
        var buffer = max(64 << 20, min(1 << 30, FreeMemory.byteCount / 4))
        /// The shape of a matrix as a layer of a model of a few billion parameters has it. The columns are a multiple
        /// of every type's block.
        var (columns, rows): (Int32, Int32) = (4096, 4096)
        /// A prompt of as many tokens as llama.cpp computes at once.
        var tokens: Int32 = 512
        /// Tries.
        var rounds: Int32 = 8
    }

    /// Runs a measurement, which answers 0 when it fails, and asks between its tries whether to go on.
    private static func check(
        _ attempt: String, _ cancellation: Cancellation,
        _ measurement: (freshet_stop_callback, UnsafeMutableRawPointer, UnsafeMutablePointer<freshet_error>) -> Double
    ) throws(GenerationError) -> Double {
        let callback: freshet_stop_callback = { data in
            data.map { Unmanaged<Cancellation>.fromOpaque($0).takeUnretainedValue().isRequested } ?? false
        }
        return try GenerationError.check(attempt) { failure in
            let value = withExtendedLifetime(cancellation) {
                measurement(callback, Unmanaged.passUnretained(cancellation).toOpaque(), failure)
            }
            return value > 0 ? value : nil
        }
    }
}
