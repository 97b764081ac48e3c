internal import Freshet
import Glibc

/// The computed state of a text in a file of its own: one block of any length that begins at 0, in the format of
/// ``PrefixBlockFile``. Both calls block.
enum SavedState {
    /// Writes a state, whole or not at all, for the user only. A file of that name is replaced.
    ///
    /// - Throws: ``GenerationError`` that says what the system refused, or that the task was cancelled.
    static func write(
        _ block: PrefixBlock, modelKey: [UInt8], to path: String, _ cancellation: Cancellation = Cancellation()
    ) throws(GenerationError) {
        let (folder, name) = parts(of: path)
        guard block.payload.count <= PrefixBlockFile.payloadLimit else {
            throw GenerationError(
                .invalidRequest,
                "The state of \(block.range.count) tokens has \(block.payload.count >> 20) MiB; more than "
                    + "\(PrefixBlockFile.payloadLimit >> 20) are not saved.")
        }
        do throws(PrefixFolderFailure) {
            let folder = try OpenFolder(path: folder)
            if let status = folder.status(of: name), status.st_mode & S_IFMT != S_IFREG {
                throw PrefixFolderFailure("there is something in its place that is no file")
            }
            // A process that was killed while it saved may have left some. They are in nobody's way if they stay.
            try? PrefixPart.removeLeftovers(in: folder)
            let part = try PrefixPart(in: folder)
            let file = PrefixBlockFile(modelKey: modelKey, tokens: block.tokens, range: block.range)
            try part.append(file.front(of: block.payload)) { cancellation.isRequested }
            try part.append(block.payload) { cancellation.isRequested }
            try part.flush()
            try part.become(name)
        } catch {
            try cancellation.check("Saving")
            throw GenerationError(
                .invalidRequest, "The state cannot be saved in \(path): \(error).", cause: error.description)
        }
    }

    /// Reads a state.
    ///
    /// - Throws: ``GenerationError`` when there is none, or it is damaged, of another model, or another user's: it could
    ///   hold what llama.cpp must never read.
    static func read(_ path: String, modelKey: [UInt8]) throws(GenerationError) -> PrefixBlock {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw GenerationError(
                .invalidRequest, "The state \(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            throw GenerationError(.invalidRequest, "The state \(path) is no file, or belongs to another user.")
        }
        let byteCount = Int(status.st_size)
        guard byteCount <= PrefixBlockFile.byteLimit, PrefixBlockFile.isWhole(descriptor, byteCount: byteCount) else {
            throw GenerationError(.invalidRequest, "The state \(path) is damaged, or is no state.")
        }
        guard let tokens = PrefixBlockFile.tokens(in: descriptor, byteCount: byteCount, modelKey: modelKey) else {
            throw GenerationError(
                .invalidRequest,
                "The state \(path) was not made by this version with this model, file and type of keys and values.")
        }
        let file = PrefixBlockFile(modelKey: modelKey, tokens: tokens[...], range: 0..<tokens.count)
        guard !tokens.isEmpty, let payload = file.payload(in: descriptor, byteCount: byteCount) else {
            throw GenerationError(.invalidRequest, "The state \(path) is damaged.")
        }
        return PrefixBlock(tokens: tokens[...], range: 0..<tokens.count, payload: payload)
    }

    private static func parts(of path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
