import Testing

@testable import FreshetCLI

struct LineEditorTests {
    @Test(
        arguments: [
            ([:], nil), (["HOME": "/home/a"], "/home/a/.local/state/freshet/history"),
            (["HOME": "/home/a", "XDG_STATE_HOME": "/state"], "/state/freshet/history"),
            (["HOME": "/home/a", "XDG_STATE_HOME": "relative"], "/home/a/.local/state/freshet/history"),
            (["XDG_STATE_HOME": "", "HOME": "x"], nil),
        ] as [([String: String], String?)])
    func theHistorysPlace(environment: [String: String], path: String?) {
        #expect(LineEditor.historyPath { environment[$0] } == path)
    }
}
