internal import CLlama
internal import Freshet
internal import Glibc

/// The rows of a model's tensors, made and written piece by piece by as many threads as call ``run()``.
final class SyntheticWork: @unchecked Sendable {
    // Sendable: what changes is read and written under `monitor` only.

    /// Some rows of one tensor. What is in them depends on the seed, the tensor and the first row.
    private struct Piece {
        var tensor: Int
        var rows: Range<Int>
        /// Where they lie in the file.
        var offset: Int
    }

    private let seed: UInt64
    private let descriptor: Int32
    private let tensors: [SyntheticTensor]
    private let storage: [SyntheticQuantization.Storage]
    private let pieces: [Piece]
    private let progress: @Sendable (Double) -> Bool
    private let monitor = Monitor()
    private var next = 0
    private var isStopped = false

    /// Writes the header, and takes the room on the disk for the whole file; blocks while it does.
    init(
        _ model: SyntheticModel, descriptor: Int32, progress: @escaping @Sendable (Double) -> Bool
    ) throws(GenerationError) {
        (seed, self.descriptor, self.progress) = (model.seed, descriptor, progress)
        tensors = model.shape.tensors
        storage = model.quantization.storage(of: tensors)
        let composer = try model.composed()
        let header = try composer.header()
        var pieces: [Piece] = []
        var end = header.count
        for (index, tensor) in tensors.enumerated() {
            let data = composer.range(ofTensor: index)
            let rowSize = data.count / tensor.rowCount
            for first in stride(from: 0, to: tensor.rowCount, by: Self.rows(of: tensor)) {
                let rows = first..<min(first + Self.rows(of: tensor), tensor.rowCount)
                pieces.append(
                    Piece(tensor: index, rows: rows, offset: header.count + data.lowerBound + first * rowSize))
            }
            end = header.count + data.upperBound
        }
        self.pieces = pieces
        try Self.reserve(end, in: descriptor)
        try Self.write(header[...], to: descriptor, at: 0)
    }

    /// Makes pieces until none is left.
    ///
    /// - Throws: ``GenerationError`` when writing fails, or with code `cancelled` when progress says to stop.
    func run() throws(GenerationError) {
        var numbers: [Float] = []
        var bytes: [UInt8] = []
        while let (index, piece) = take() {
            let (tensor, storage) = (tensors[piece.tensor], storage[piece.tensor])
            fill(&numbers, piece, of: tensor)
            // No type has more bytes than these.
            if bytes.count < numbers.count * 4 { bytes = [UInt8](repeating: 0, count: numbers.count * 4) }
            let size = try GenerationError.check("The tensor \(tensor.name) cannot be made") { failure in
                let size = freshet_quantize(
                    storage.rawValue, numbers, Int64(piece.rows.count), Int64(tensor.rowLength), &bytes, bytes.count,
                    failure)
                return size == .max ? nil : size
            }
            try Self.write(bytes[..<size], to: descriptor, at: piece.offset)
            guard progress(Double(index + 1) / Double(pieces.count)) else {
                throw GenerationError(.cancelled, "Making the model was stopped.")
            }
        }
    }

    /// Leaves the pieces that nobody has begun.
    func stop() { monitor.withLock { isStopped = true } }

    private func take() -> (index: Int, Piece)? {
        monitor.withLock {
            guard !isStopped, next < pieces.count else { return nil }
            defer { next += 1 }
            return (next, pieces[next])
        }
    }

    /// Rows of a piece: some 64 thousand numbers, which fit into a processor's cache.
    private static func rows(of tensor: SyntheticTensor) -> Int { max(1, (64 << 10) / tensor.rowLength) }

    private func fill(_ numbers: inout [Float], _ piece: Piece, of tensor: SyntheticTensor) {
        let count = piece.rows.count * tensor.rowLength
        if numbers.count != count { numbers = [Float](repeating: 0, count: count) }
        numbers.withUnsafeMutableBufferPointer { numbers in
            switch tensor.values {
            case .constant(let value): numbers.update(repeating: value)
            case .decays: for place in numbers.indices { numbers[place] = -Float(1 + place % tensor.rowLength) }
            case .random(let deviation): randomize(numbers, piece, deviation: deviation)
            }
            guard let row = tensor.emptyRow, piece.rows.contains(row) else { return }
            let start = (row - piece.rows.lowerBound) * tensor.rowLength
            for place in start..<start + tensor.rowLength { numbers[place] = 0 }
        }
    }

    /// Sums of four uniform numbers: near enough to the normal distribution, and bounded, so that no weight makes its
    /// block's others coarse.
    private func randomize(_ numbers: UnsafeMutableBufferPointer<Float>, _ piece: Piece, deviation: Float) {
        let stream = UInt64(piece.tensor) << 32 | UInt64(piece.rows.lowerBound)
        var seeds = RandomSource(seed: seed &+ stream &* 0xD1B5_4A32_D192_ED03)
        var source = RandomSource(seed: seeds.next())
        // The deviation of a uniform number is its range divided by √12, and that of the sum of four is twice as much.
        let scale = deviation * Float(3).squareRoot() / 65536
        for place in numbers.indices {
            let bits = source.next()
            let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
            numbers[place] = (Float(sum) - 2 * 65535) * scale
        }
    }
}

extension SyntheticWork {
    /// Takes the room that the file will need, so that a full disk is found before the work and not in the midst of it.
    private static func reserve(_ size: Int, in descriptor: Int32) throws(GenerationError) {
        let code = posix_fallocate(descriptor, 0, size)
        switch code {
        case 0: return
        case ENOSPC, EDQUOT, EFBIG:
            throw GenerationError(
                .engineFailed,
                "The file needs \((size + 999_999) / 1_000_000) MB, and there is no room for it: "
                    + "\(String(cString: strerror(code))).")
        default:
            throw GenerationError(.engineFailed, "The file cannot be written: \(String(cString: strerror(code))).")
        }
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to descriptor: Int32, at offset: Int
    ) throws(GenerationError) {
        let code: Int32 = bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
                if count < 0, errno != EINTR { return errno }
                done += max(0, count)
            }
            return 0
        }
        guard code == 0 else {
            throw GenerationError(.engineFailed, "The file cannot be written: \(String(cString: strerror(code))).")
        }
    }
}
