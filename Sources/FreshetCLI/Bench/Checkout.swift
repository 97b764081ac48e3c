import Foundation

/// The checkout of Freshet that the program lies in, where it does.
enum Checkout {
    /// The commit that is checked out, 40 hexadecimal digits; `nil` outside of a checkout.
    static func commit() -> String? {
        commit(above: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath())
    }

    /// The same for a program at that place. The checkout must be Freshet's own: a program that was installed may lie in
    /// anybody's, such as that of a person's home.
    static func commit(above program: URL) -> String? {
        var folder = program
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let git = folder.appendingPathComponent(".git")
            guard FileManager.default.fileExists(atPath: git.path) else { continue }
            let manifest = try? String(
                contentsOf: folder.appendingPathComponent("Package.swift"), encoding: .utf8)
            // The package's name comes first of all names.
            let name = manifest?.firstMatch(of: /name: "([^"]*)"/)?.1
            return name == "Freshet" ? commit(in: git) : nil
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
