import Foundation
import Freshet
import Testing

@testable import FreshetHTTP

struct RequestLogLineTests {
    private static func line(method: String = "POST", path: String = "/v1/chat/completions") -> RequestLogLine {
        RequestLogLine(
            time: Date(timeIntervalSince1970: 1_700_000_000.25), id: "req-1", peer: "127.0.0.1", method: method,
            path: path)
    }

    private static let whole: RequestLogLine = {
        var line = RequestLogLineTests.line()
        line.status = 200
        line.model = "Freshet Small World"
        line.isStreamed = true
        line.usage = Usage(promptTokens: 12, completionTokens: 34, cachedTokens: 5)
        line.finish = .length
        line.firstPiece = .microseconds(1042)
        line.duration = .milliseconds(2500)
        return line
    }()

    @Test func allFieldsInTheirOrder() {
        #expect(
            Self.whole.text(.logfmt)
                == "time=2023-11-14T22:13:20.250Z id=req-1 peer=127.0.0.1 method=POST path=/v1/chat/completions "
                + "status=200 model=\"Freshet Small World\" streamed=yes prompt_tokens=12 completion_tokens=34 "
                + "cached_tokens=5 finish=length first_ms=1.042 duration_ms=2500.000")
    }

    @Test func asJSONTheNumbersAreNumbers() throws {
        let object = try JSONSerialization.jsonObject(with: Data(Self.whole.text(.json).utf8))
        let members = try #require(object as? [String: Any])
        #expect(members.count == 14)
        #expect(members["prompt_tokens"] as? Int == 12 && members["first_ms"] as? Double == 1.042)
        #expect(members["model"] as? String == "Freshet Small World")
    }

    @Test func aFailureHasItsCodeAndNoCounts() {
        var line = Self.line()
        line.status = 401
        line.error = .unauthorized
        line.duration = .zero
        #expect(line.text(.logfmt).hasSuffix(" status=401 error=invalid_api_key duration_ms=0.000"))
        #expect(!line.text(.logfmt).contains("tokens"))
    }

    /// What a client sends cannot begin a line of its own, look like another field or command a terminal.
    @Test(
        arguments: [
            "/a b", "/a\nstatus=200", "/\u{1B}[2J", "/\"quoted\"", "/back\\slash", "/ключ", "/\u{85}", "", "/a=b",
            "/\u{202E}x",
        ], RequestLogLine.Format.allCases)
    func whatAClientSendsStaysInItsField(path: String, format: RequestLogLine.Format) throws {
        let text: String = Self.line(path: path).text(format)
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        guard format == .json else {
            // A value in quotes is a JSON string.
            let quoted = try #require(text.range(of: "path=")).upperBound
            let value =
                try JSONSerialization.jsonObject(
                    with: Data(text[quoted...].utf8), options: .fragmentsAllowed) as? String
            #expect(value == path)
            return
        }
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(object?["path"] as? String == path)
    }

    @Test func aLongNameIsCut() {
        let line = Self.line(path: "/" + String(repeating: "x", count: 100_000))
        #expect(line.text(.logfmt).utf8.count < 500)
    }
}
