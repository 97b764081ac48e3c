internal import CLlama
internal import Freshet

/// A GGUF file's header in the making, by ggml's own writer. For one thread at a time.
///
/// It owns the writer's handle and frees it.
final class GGUFComposer {
    private let handle: OpaquePointer

    /// An empty header.
    init() throws(GenerationError) {
        handle = try GenerationError.check("A model's header cannot be made") { freshet_gguf_new($0) }
    }

    deinit { freshet_gguf_free(handle) }

    /// Sets a key to a value.
    func set(_ key: String, _ value: Bool) throws(GenerationError) {
        try check(key) { freshet_gguf_set_bool(handle, key, value, $0) }
    }

    /// Sets a key to a whole number.
    func set(_ key: String, _ value: Int) throws(GenerationError) {
        try check(key) { freshet_gguf_set_uint32(handle, key, UInt32(clamping: value), $0) }
    }

    /// Sets a key to a number.
    func set(_ key: String, _ value: Float) throws(GenerationError) {
        try check(key) { freshet_gguf_set_float32(handle, key, value, $0) }
    }

    /// Sets a key to a text, which ends at its first zero byte.
    func set(_ key: String, _ value: String) throws(GenerationError) {
        try check(key) { freshet_gguf_set_text(handle, key, value, $0) }
    }

    /// Sets a key to an array of whole numbers.
    func set(_ key: String, _ values: [Int32]) throws(GenerationError) {
        try check(key) { freshet_gguf_set_int32s(handle, key, values, values.count, $0) }
    }

    /// Sets a key to an array of texts without zero bytes.
    func set(_ key: String, _ values: [String]) throws(GenerationError) {
        var bytes: [CChar] = []
        for value in values { bytes += value.utf8CString }
        try check(key) { freshet_gguf_set_texts(handle, key, bytes, values.count, $0) }
    }

    /// Adds a tensor after those that are there.
    func add(_ tensor: SyntheticTensor, as storage: SyntheticQuantization.Storage) throws(GenerationError) {
        let dimensions = tensor.dimensions.map { Int64($0) }
        try check(tensor.name) { failure in
            freshet_gguf_add_tensor(
                handle, tensor.name, storage.rawValue, dimensions, UInt32(dimensions.count), failure)
        }
    }

    /// Where a tensor's data lies, in bytes after the header.
    func range(ofTensor index: Int) -> Range<Int> {
        let start = freshet_gguf_tensor_offset(handle, index)
        return start..<start + freshet_gguf_tensor_size(handle, index)
    }

    /// The header, padded to where the data begins.
    func header() throws(GenerationError) -> [UInt8] {
        let attempt = "A model's header cannot be made"
        let count = try GenerationError.check(attempt) { failure in
            let count = freshet_gguf_header(handle, nil, 0, failure)
            return count == .max ? nil : count
        }
        return try GenerationError.check(attempt) { failure in
            var bytes = [UInt8](repeating: 0, count: count)
            let written = bytes.withUnsafeMutableBytes { buffer in
                freshet_gguf_header(
                    handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, failure)
            }
            return written == .max ? nil : bytes
        }
    }

    private func check(
        _ key: String, _ call: (UnsafeMutablePointer<freshet_error>) -> Bool
    ) throws(GenerationError) {
        try GenerationError.check("A model's \(key) cannot be written") { call($0) ? () : nil }
    }
}
