import Foundation
import Freshet
import FreshetLlama
import Glibc

/// The folder in which profiles of models lie, one file each.
struct ProfileFolder {
    /// The folder's path.
    let path: String

    /// The folder of this person: below `XDG_CONFIG_HOME`, or else `~/.config`, as the XDG base directory specification
    /// 0.8 says. `nil` where there is no home.
    ///
    /// - Parameter environment: gives a variable's value, where it is set.
    init?(environment: (String) -> String?) {
        // A path that is not absolute is to be passed over.
        if let folder = environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") {
            path = folder + "/freshet/profiles"
        } else if let home = environment("HOME"), home.hasPrefix("/") {
            path = home + "/.config/freshet/profiles"
        } else {
            return nil
        }
    }

    /// The file of a profile.
    func file(for key: Profile.Key) -> String { path + "/" + key.fileName }

    /// Whether there may be a profile: where there is none at all, nothing has to be found out about the model.
    var isEmpty: Bool {
        guard let entries = opendir(path) else { return true }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { return false }
        }
        return true
    }

    /// The profile for a model and machine; `nil` when there is none.
    ///
    /// - Throws: `GenerationError` that says why the one that lies there cannot be used.
    func profile(for key: Profile.Key) throws(GenerationError) -> Profile? {
        let file = file(for: key)
        // Nothing but a file is opened: a pipe laid there would be waited for.
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            guard errno != ENOENT, errno != ENOTDIR else { return nil }
            throw GenerationError(.invalidRequest, "it cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw GenerationError(.invalidRequest, "it is no regular file.")
        }
        return try Profile(json: Self.read(descriptor), for: key)
    }

    /// Writes a profile over the one that was there; a failure leaves that as it was.
    func save(_ profile: Profile) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Exit.failed("The folder \(path) cannot be made: \(error.localizedDescription)")
        }
        try OutputFile.write(try profile.json(), to: file(for: profile.key))
    }

    /// The file's bytes, but no more than show that it is too long.
    private static func read(_ descriptor: Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Profile.sizeLimit + 1) { buffer, count in
            while count < buffer.count {
                let length = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
                if length < 0, errno == EINTR { continue }
                guard length > 0 else { return }
                count += length
            }
        }
    }
}
