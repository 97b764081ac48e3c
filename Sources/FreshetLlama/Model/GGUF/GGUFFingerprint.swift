/// A 64-bit hash of a GGUF file's length, header and samples of its weights.
///
/// It reads the header and at most 256 KiB more, so that a model of many gigabytes takes no longer than a small one.
enum GGUFFingerprint {
    private static let sampleCount = 64
    private static let sampleLength = 4096
    private static let pieceLength = 1 << 20

    static func make(_ descriptor: Int32, dataOffset: Int, byteCount: Int) throws(GGUFDamage) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        add([UInt64(byteCount)], to: &hash)
        var place = 0
        while place < dataOffset {
            let length = min(pieceLength, dataOffset - place)
            add(try GGUFReader.read(descriptor, at: place, count: length), to: &hash)
            place += length
        }
        let rest = byteCount - dataOffset
        let length = min(sampleLength, rest)
        let count = rest > sampleCount * sampleLength ? sampleCount : (rest + sampleLength - 1) / sampleLength
        for sample in 0..<count {
            // The first sample begins with the weights and the last ends with them.
            let start = count == 1 ? 0 : Int(Double(rest - length) * Double(sample) / Double(count - 1))
            add(try GGUFReader.read(descriptor, at: dataOffset + start, count: length), to: &hash)
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func add(_ bytes: [UInt8], to hash: inout UInt64) {
        bytes.withUnsafeBytes { buffer in
            let whole = buffer.count & ~7
            for place in stride(from: 0, to: whole, by: 8) {
                mix(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self)), into: &hash)
            }
            for place in whole..<buffer.count { mix(UInt64(buffer[place]) | 0x100, into: &hash) }
        }
    }

    private static func add(_ words: [UInt64], to hash: inout UInt64) {
        for word in words { mix(word, into: &hash) }
    }

    /// One step of FNV-1a on eight bytes instead of one, with the high half folded back: a multiplication alone never
    /// lets a high bit reach a low one.
    @inline(__always)
    private static func mix(_ word: UInt64, into hash: inout UInt64) {
        hash = (hash ^ word) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 32
    }
}
