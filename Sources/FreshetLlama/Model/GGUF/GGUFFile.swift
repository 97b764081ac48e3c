public import Freshet
import Glibc

/// A GGUF file's header: its metadata, and the names, shapes and places of its tensors. The weights are not read.
///
/// The file may come from anywhere. Every count, length and offset is checked against the file before it is used, and
/// whatever is wrong becomes one sentence. Versions 2 and 3, little-endian, are understood.
///
/// llama.cpp ends the process on some files that it cannot use; ``checkUsable()`` finds those before it opens them.
public struct GGUFFile: Sendable {
    /// Metadata as it stands in the file, in order.
    public typealias Entry = (key: String, value: GGUFValue)

    /// The path, as it was given.
    public let path: String
    /// The format's version.
    public let version: Int
    /// Every key with its value, in the file's order.
    public let metadata: [Entry]
    /// Every tensor, in the file's order.
    public let tensors: [GGUFTensorInfo]
    /// What every tensor's offset is a multiple of, in bytes.
    public let alignment: Int
    /// Where the data section begins.
    public let dataOffset: Int
    /// The file's length.
    public let byteCount: Int
    /// 16 hexadecimal digits that tell this file from others: a hash of its length, its whole header and 64 evenly
    /// spaced samples of 4 KiB of its weights. It identifies; it does not authenticate.
    public let fingerprint: String

    private let places: [String: Int]

    /// Reads a header.
    ///
    /// - Throws: ``GenerationError``: `modelNotFound` when there is no such file, `modelUnusable` when it is no regular
    ///   file, may not be read, is not a GGUF, or is damaged.
    public init(path: String) throws(GenerationError) { try self.init(path: path, kind: "model") }

    /// Reads a header.
    ///
    /// - Parameter kind: what the file is to be, for the error.
    /// - Throws: as ``init(path:)``.
    init(path: String, kind: String) throws(GenerationError) {
        let (descriptor, byteCount) = try Self.open(path, kind)
        defer { close(descriptor) }
        do {
            self = try GGUFFile(path: path, descriptor: descriptor, byteCount: byteCount)
        } catch {
            throw GenerationError(.modelUnusable, "The \(kind) \(path) cannot be used: \(error).")
        }
    }

    /// The value of a key.
    public subscript(key: String) -> GGUFValue? { places[key].map { metadata[$0].value } }

    /// The kind of model, for example `llama`.
    public var architecture: String? { self["general.architecture"]?.string }

    /// How many tensors there are of each type, and their bytes; the type with most bytes first.
    public var tensorTypes: [(type: GGUFTensorType, count: Int, byteCount: Int)] {
        Dictionary(grouping: tensors, by: \.type)
            .map { (type: $0, count: $1.count, byteCount: $1.reduce(0) { $0 + $1.byteCount }) }
            .sorted { ($1.byteCount, $0.type.name) < ($0.byteCount, $1.type.name) }
    }

    private init(path: String, descriptor: Int32, byteCount: Int) throws(GGUFDamage) {
        guard byteCount > 0 else { throw GGUFDamage("it is empty") }
        var reader = GGUFReader(descriptor: descriptor, byteCount: byteCount)
        (self.path, self.byteCount) = (path, byteCount)
        version = try Self.readVersion(&reader)
        // A tensor is a name, a number of dimensions, a type and an offset; an entry a key, a type and a byte.
        // The largest models have some thousands of tensors, and some hundred entries.
        let tensorCount = try reader.count(of: "tensors", atLeast: 24, atMost: 1 << 16)
        let entryCount = try reader.count(of: "metadata entries", atLeast: 13, atMost: 1 << 16)
        let (metadata, places) = try Self.readMetadata(&reader, count: entryCount)
        let alignment = try Self.alignment(places["general.alignment"].map { metadata[$0].value })
        let tensors = try Self.readTensors(&reader, count: tensorCount)
        let dataOffset = tensors.isEmpty ? reader.position : Self.aligned(reader.position, to: alignment)
        try Self.checkPlaces(tensors, alignment: alignment, dataOffset: dataOffset, byteCount: byteCount)
        (self.metadata, self.places, self.alignment) = (metadata, places, alignment)
        (self.tensors, self.dataOffset) = (tensors, dataOffset)
        fingerprint = try GGUFFingerprint.make(descriptor, dataOffset: min(dataOffset, byteCount), byteCount: byteCount)
    }

    /// Opens a regular file. It does not wait, as opening a pipe would.
    private static func open(
        _ path: String, _ kind: String
    ) throws(GenerationError) -> (descriptor: Int32, byteCount: Int) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw GenerationError(
                .modelNotFound, "There is no \(kind): its path is \(path.isEmpty ? "empty" : "not a path").")
        }
        let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw GenerationError(.modelNotFound, "There is no file at \(path).")
            case EACCES, EPERM:
                throw GenerationError(.modelUnusable, "The \(kind) \(path) may not be read: permission denied.")
            case let number:
                throw GenerationError(
                    .modelUnusable, "The \(kind) \(path) cannot be opened: \(String(cString: strerror(number))).")
            }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let other = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
            throw GenerationError(.modelUnusable, "The \(kind) \(path) cannot be used: it is \(other).")
        }
        return (descriptor, Int(status.st_size))
    }
}
