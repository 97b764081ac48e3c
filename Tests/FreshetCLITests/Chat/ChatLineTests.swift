import Testing

@testable import FreshetCLI

struct ChatLineTests {
    @Test(arguments: [
        ("", ChatLine.empty), ("  \t ", .empty), ("Hello", .message("Hello")), ("  Hi there \n", .message("Hi there")),
        ("//etc is a folder", .message("/etc is a folder")), ("/help", .help), (" /quit ", .quit), ("/exit", .quit),
        ("/system", .system(nil)), ("/system Be  brief.", .system("Be  brief.")), ("/system \"\"", .system("")),
        ("/save my talk.json", .save("my talk.json")), ("/load x", .load("x")),
        (#"/save "a b""#, .save("a b")), ("/load 'x'", .load("x")), ("/save \"", .save("\"")),
        ("/load ~x", .load("~x")),
        ("/set", .settings),
        ("/set temp 0.5", .set(name: "temp", value: "0.5")), ("/set temp=0.5", .set(name: "temp", value: "0.5")),
        ("/set temp = 0.5", .set(name: "temp", value: "0.5")), ("/set temp", .set(name: "temp", value: "")),
        ("/set stop a b", .set(name: "stop", value: "a b")), ("/regen", .regenerate), ("/reset", .reset),
        ("/stats", .statistics),
    ])
    func aLineIsRead(typed: String, line: ChatLine) throws { #expect(try ChatLine(typed) == line) }

    @Test func aTildeIsTheHomeFolder() throws {
        let home = try #require(Composition.environment("HOME"))
        #expect(try ChatLine("/save ~/x y") == .save(home + "/x y"))
        #expect(try ChatLine("/load \"~/x\"") == .load(home + "/x"))
    }

    @Test(arguments: [
        ("/save", "/save needs a file: /save FILE."), ("/load  ", "/load needs a file: /load FILE."),
        ("/reset all", "/reset stands alone, but “all” follows."),
        ("/rset", "There is no command /rset; did you mean /reset?"),
        ("/", "There is no command /; /help shows them."),
        ("/zzzzzzzz", "There is no command /zzzzzzzz; /help shows them."),
    ])
    func aMistakeGetsASentence(typed: String, sentence: String) {
        #expect(throws: UsageError(message: sentence)) { try ChatLine(typed) }
    }

    @Test func everyCommandIsInTheHelp() throws {
        for usage in ChatLine.usages where usage.term.hasPrefix("/") {
            let name = usage.term.prefix { $0 != " " }
            let line = usage.term.contains("FILE") ? "\(name) x" : String(name)
            #expect(throws: Never.self) { try ChatLine(line) }
        }
    }
}
