import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@Suite struct HTTPClientRequestTests {
    @Test(arguments: [
        ("http://example.com", "example.com", false),
        ("HTTPS://User:pw@Example.com:8443/a?b#c", "Example.com:8443", false),
        ("http://127.0.0.1:80/", "127.0.0.1:80", true), ("http://[::1]:9/x", "[::1]:9", true),
        ("http://LOCALHOST/", "LOCALHOST", true), ("http://127.example.com", "127.example.com", false),
        ("https://bücher.example/v1", "bücher.example", false),
    ])
    func namesHostAndPortOnly(_ url: String, _ name: String, _ isLoopback: Bool) throws {
        let origin = try HTTPClientRequest(.get, url).validate()
        #expect(origin.description.lowercased() == name.lowercased())
        #expect(origin.isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", "example.com/v1", "ftp://example.com", "file:///etc/passwd", "http://", "http://a b/",
        "http://a/\r\nX: y", "http://a/\u{0}", "http://a:99999/", "http://a:x/", "http://[::1/", "gopher://a", "//a/b",
        "http://user:pass-0123word@/", "javascript:alert(1)", "http://a/ ", " http://a/", "http://a/\u{7F}",
    ])
    func refusesOtherURLs(_ url: String) {
        let error = #expect(throws: GenerationError.self) { try HTTPClientRequest(.get, url).validate() }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.hasPrefix("The URL cannot be used, ") == true)
        #expect(Secrets.shown(by: error as Any) == [])
    }

    @Test(arguments: [
        ("X", "a\r\nY: b"), ("X", "a\n"), ("X", "\r"), ("X", "a\u{0}b"), ("X", "\u{7F}"), ("", "a"), ("X Y", "a"),
        ("X:", "a"), ("X\r\nY", "a"), ("Ünal", "a"),
    ])
    func refusesHeadersThatWouldBeOthers(_ name: String, _ value: String) {
        let request = HTTPClientRequest(
            .get, "http://a/", headers: HTTPFields([.init(name: name, value: value + Secrets.all[0])]))
        let error = #expect(throws: GenerationError.self) { try request.validate() }
        #expect(error?.code == .invalidRequest)
        #expect(Secrets.shown(by: error as Any) == [])
    }

    @Test func showsNoSecret() throws {
        let server = try LoopbackServer { _ in [] }
        let request = Secrets.request(server)
        #expect(Secrets.shown(by: request) == [])
        #expect(Secrets.shown(by: [request] as [Any]) == [])
        #expect(Secrets.shown(by: request.url) == [Secrets.all[1], Secrets.all[2]], "the check can fail")
    }
}
