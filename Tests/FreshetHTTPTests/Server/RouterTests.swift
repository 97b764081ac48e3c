import Testing

@testable import FreshetHTTP

struct RouterTests {
    private static let router = {
        var router = Router<String>()
        router.add("GET", "/models", "models")
        router.add("GET", "/models/{id}", "model")
        router.add("POST", "/answers", "answer")
        router.add("GET", "/answers", "answers")
        return router
    }()

    /// A match as one line.
    private static func match(_ method: String, _ path: String) -> String {
        switch router.match(method: method, path: path) {
        case .found(let target, let parameter): target + (parameter.map { "(\($0))" } ?? "")
        case .methodNotAllowed(let methods): "allow \(methods.joined(separator: ", "))"
        case .notFound: "nothing"
        }
    }

    @Test(arguments: [
        ("GET", "/models", "models"), ("HEAD", "/models", "models"), ("POST", "/models", "allow GET, HEAD"),
        ("OPTIONS", "/models", "allow GET, HEAD"), ("get", "/models", "allow GET, HEAD"),
        ("GET", "/models/a", "model(a)"), ("GET", "/models/org/a b", "model(org/a b)"),
        ("GET", "/models//", "model(/)"),
        ("DELETE", "/models/a", "allow GET, HEAD"), ("GET", "/models/", "nothing"), ("GET", "/model", "nothing"),
        ("GET", "/models2", "nothing"), ("GET", "/Models", "nothing"), ("GET", "", "nothing"), ("GET", "/", "nothing"),
        ("POST", "/answers", "answer"), ("GET", "/answers", "answers"), ("PUT", "/answers", "allow POST, GET, HEAD"),
        ("POST", "/answers/", "nothing"), ("POST", "/answers/1", "nothing"), ("*", "*", "nothing"),
    ])
    func aMethodAndAPathLeadToOneTarget(method: String, path: String, expected: String) {
        #expect(Self.match(method, path) == expected)
    }
}
