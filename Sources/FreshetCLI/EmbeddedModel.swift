import Glibc

/// The small model that comes with Freshet.
enum EmbeddedModel {
    /// The model's place below a checkout, or below an installation's `share/freshet`.
    static let file = "models/freshet-small-world.gguf"

    /// The embedded model's path.
    ///
    /// It is looked for above the executable, whatever links lead to it: in a checkout that is the repository, for an
    /// installed `bin/freshet` the prefix.
    ///
    /// - Throws: ``Exit`` that says where it was looked for and what to do.
    static func find() throws(Exit) -> String {
        guard let executable = realPath("/proc/self/exe") else {
            throw .failed(
                "The embedded model cannot be found, because /proc is not mounted; name a model with --model FILE.")
        }
        for candidate in candidates(above: executable) where access(candidate, R_OK) == 0 { return candidate }
        throw .failed(
            "The embedded model was not found: no folder above \(executable) holds \(file) or share/freshet/\(file); "
                + "name a model with --model FILE.")
    }

    /// The places to look, the nearest first.
    static func candidates(above executable: String) -> [String] {
        var folders = executable.split(separator: "/").dropLast()
        var places: [String] = []
        while true {
            let folder = folders.map { "/" + $0 }.joined()
            places += ["\(folder)/\(file)", "\(folder)/share/freshet/\(file)"]
            if folders.popLast() == nil { return places }
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(validatingCString: resolved)
    }
}
