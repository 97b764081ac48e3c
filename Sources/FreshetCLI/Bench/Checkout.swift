import Foundation

/// The checkout that the program lies in, where it does.
enum Checkout {
    /// The commit that is checked out, 40 hexadecimal digits; `nil` outside of a checkout.
    static func commit() -> String? {
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let git = folder.appendingPathComponent(".git")
            if FileManager.default.fileExists(atPath: git.path) { return commit(in: git) }
        }
        return nil
    }

    /// The commit that a `.git` folder's HEAD names, itself, by a branch's file or by its line among the packed ones.
    static func commit(in git: URL) -> String? {
        func text(_ name: String) -> String? {
            try? String(contentsOf: git.appendingPathComponent(name), encoding: .utf8)
        }
        guard let head = text("HEAD")?.trimmingCharacters(in: .whitespacesAndNewlines) else { return nil }
        guard head.hasPrefix("ref: refs/") else { return hash(head) }
        let branch = String(head.dropFirst("ref: ".count))
        // The name is a path below the folder, and must stay there.
        guard !branch.split(separator: "/").contains("..") else { return nil }
        if let loose = text(branch) { return hash(loose) }
        let line = text("packed-refs")?.split(separator: "\n").first { $0.hasSuffix(" " + branch) }
        return line.flatMap { hash(String($0.prefix(40))) }
    }

    private static func hash(_ text: String) -> String? {
        let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return digits.count == 40 && digits.allSatisfy { $0.isASCII && $0.isHexDigit } ? digits : nil
    }
}
