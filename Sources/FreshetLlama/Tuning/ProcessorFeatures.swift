internal import CLlama

/// What ggml's code for the processor was built for and finds there.
package enum ProcessorFeatures {
    /// Names and values, as in `AVX2=1 LLAMAFILE=1`, in ggml's order.
    package static var description: String {
        freshet_start()
        let length = freshet_processor_features(nil, 0)
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let written = buffer.withMemoryRebound(to: CChar.self) {
                freshet_processor_features($0.baseAddress, length)
            }
            count = min(written, length)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether OpenBLAS is part of this build.
    package static var hasBLAS: Bool {
        freshet_start()
        return freshet_has_blas()
    }
}
