import Freshet
import Testing

@testable import FreshetHTTP

struct CrossOriginTests {
    private static func fields(_ origins: [String], _ origin: String?) -> [String: String] {
        let fields = CrossOrigin(origins: origins).fields(for: origin)
        return Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
    }

    @Test func withoutAnAllowanceNothingIsSaid() {
        #expect(Self.fields([], "https://a.example").isEmpty)
        #expect(Self.fields([], nil).isEmpty)
    }

    @Test(arguments: [
        (["https://a.example"], "https://a.example", true), (["https://a.example"], "https://A.Example", true),
        (["https://a.example"], "http://a.example", false), (["https://a.example"], "https://a.example:444", false),
        (["https://a.example"], "https://a.example.org", false), (["https://a.example"], "null", false),
        (["https://b.example", "https://a.example"], "https://a.example", true), (["*"], "https://c.example", true),
    ])
    func anOriginIsAllowedOrNot(origins: [String], origin: String, isAllowed: Bool) {
        let fields = Self.fields(origins, origin)
        #expect(fields["Access-Control-Allow-Origin"] == (isAllowed ? origin : nil))
        #expect(fields["Vary"] == "Origin")
    }

    private static func preflight(_ change: (inout HTTPRequest) -> Void = { _ in }) -> HTTPResponse? {
        var request = HTTPRequest(
            method: "OPTIONS", path: "/",
            fields: [
                "Origin": "https://a.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            ])
        change(&request)
        return CrossOrigin(origins: ["https://a.example"]).preflight(request, methods: ["POST"])
    }

    @Test func aPreflightIsAnswered() throws {
        let response = try #require(Self.preflight())
        #expect(response.status == 204)
        #expect(response.fields["Access-Control-Allow-Methods"] == "POST")
        #expect(response.fields["Access-Control-Allow-Headers"] == "authorization,content-type")
        #expect(response.fields["Access-Control-Allow-Private-Network"] == nil)
    }

    @Test func whatIsNoPreflightIsNot() {
        #expect(Self.preflight { $0.method = "POST" } == nil)
        #expect(Self.preflight { $0.fields["Origin"] = "https://b.example" } == nil)
        #expect(Self.preflight { $0.fields["Origin"] = nil } == nil)
        #expect(Self.preflight { $0.fields["Access-Control-Request-Method"] = nil } == nil)
    }
}

struct HostGuardTests {
    private static func accepts(_ host: String?) -> Bool {
        (try? HostGuard.local(orNamed: "Box.example").check(host)) != nil
    }

    @Test(arguments: [
        "localhost", "localhost:8080", "LOCALHOST:1", "app.localhost:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080",
        "box.example:8080", "192.168.1.2:8080", nil,
    ])
    func thisMachinesOwnNamesPass(host: String?) { #expect(Self.accepts(host)) }

    @Test(arguments: [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "", ":8080",
        "notlocalhost", "box.example.evil.org",
    ])
    func aForeignNameIsRefused(host: String) {
        #expect(!Self.accepts(host))
        #expect((try? HostGuard.open.check(host)) != nil)
    }
}
