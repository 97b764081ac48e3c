import FreshetHTTP
import Testing

@Suite struct LoopbackHostTests {
    @Test(arguments: [
        ("localhost", true), ("LocalHost", true), ("::1", true), ("[::1]", true), ("127.0.0.1", true),
        ("127.255.0.9", true), ("", false), ("127", false), ("127.0.0.1.example.com", false),
        ("127.0.0.example1", false),
        ("127.0.0.256", false), ("127.0..1", false), ("128.0.0.1", false), ("0.0.0.0", false), ("::", false),
        ("localhost.example.com", false), ("[::2]", false),
    ])
    func knowsThisMachine(_ host: String, _ isLoopback: Bool) { #expect(host.isLoopbackHost == isLoopback) }
}
