import Foundation
import Testing

@testable import FreshetCLI

/// Files that are written whole or not at all.
struct OutputFileTests {
    /// A folder that goes with its owner.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func place(_ name: String) -> String { path + "/" + name }

        func text(_ name: String) -> String? { try? String(contentsOfFile: place(name), encoding: .utf8) }

        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
    }

    private static func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : 0
    }

    @Test func aNewFileIsItsOwnersAlone() throws {
        let folder = try Folder()
        try OutputFile.write("text\n", to: folder.place("a"))
        #expect(folder.text("a") == "text\n" && folder.names == ["a"])
        #expect(Self.mode(folder.place("a")) == S_IFREG | 0o600)
    }

    @Test func aFileThatIsReplacedKeepsItsPermissions() throws {
        let folder = try Folder()
        try OutputFile.write("longer than the next", to: folder.place("a"))
        chmod(folder.place("a"), 0o640)
        try OutputFile.write("next", to: folder.place("a"))
        #expect(folder.text("a") == "next" && folder.names == ["a"])
        #expect(Self.mode(folder.place("a")) == S_IFREG | 0o640)
    }

    @Test func aLinkIsFollowed() throws {
        let folder = try Folder()
        try OutputFile.write("old", to: folder.place("a"))
        symlink("a", folder.place("link"))
        try OutputFile.write("new", to: folder.place("link"))
        #expect(folder.text("a") == "new" && folder.names == ["a", "link"])
        #expect(Self.mode(folder.place("link")) & S_IFMT == S_IFLNK)
    }

    @Test func aLinkThatSomebodyLaidIsNotWrittenThrough() throws {
        let folder = try Folder()
        try OutputFile.write("theirs", to: folder.place("theirs"))
        symlink("theirs", folder.place("a.part"))
        try OutputFile.write("mine", to: folder.place("a"))
        #expect(folder.text("theirs") == "theirs" && folder.text("a") == "mine")
    }

    @Test(arguments: [
        ("fifo", "it is not a regular file."), ("folder", "Is a directory."), ("nowhere", "No such file or directory."),
        ("missing/a", "No such file or directory."),
    ])
    func whatIsNoFileIsRefused(name: String, reason: String) throws {
        let folder = try Folder()
        mkfifo(folder.place("fifo"), 0o600)
        mkdir(folder.place("folder"), 0o700)
        symlink("nothing", folder.place("nowhere"))
        let (before, mode) = (folder.names, Self.mode(folder.place(name)))
        #expect(throws: Exit.failed("Cannot write “\(folder.place(name))”: \(reason)")) {
            try OutputFile.write("text", to: folder.place(name))
        }
        #expect(throws: Exit.failed("Cannot write “\(folder.place(name))”: \(reason)")) {
            try OutputFile.check(folder.place(name))
        }
        #expect(folder.names == before && Self.mode(folder.place(name)) == mode)
    }

    /// Standard output, where others understand that, is not taken for a file of this name.
    @Test func aDashIsNoName() throws {
        let error = #expect(throws: Exit.self) { try OutputFile.check("-") }
        #expect(error?.message?.contains("name a file") == true, "\(error as Any)")
    }

    @Test func aCheckLeavesNothingBehind() throws {
        let folder = try Folder()
        try OutputFile.check(folder.place("a"))
        #expect(folder.names.isEmpty)
        try OutputFile.write("old", to: folder.place("a"))
        try OutputFile.check(folder.place("a"))
        #expect(folder.names == ["a"] && folder.text("a") == "old")
    }
}
