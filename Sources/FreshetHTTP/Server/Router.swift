/// Which target a method and a path lead to. A value: it answers and does nothing.
///
/// A path is compared segment by segment. A pattern's last segment may be `{name}`, which takes the rest of the path,
/// slashes included: the names of models have them.
struct Router<Target: Sendable>: Sendable {
    /// What a method and a path lead to.
    enum Match: Sendable {
        /// The target, and what stood in the place of `{name}`, if the pattern has one.
        case found(Target, parameter: String?)
        /// The path is known and the method is not; these are allowed there.
        case methodNotAllowed([String])
        /// There is nothing at that path.
        case notFound
    }

    private struct Entry: Sendable {
        var method: String
        var prefix: String
        var hasParameter: Bool
        var target: Target
    }

    private var entries: [Entry] = []

    /// A router that knows no path.
    init() {}

    /// Adds a target. `GET` serves `HEAD` too.
    mutating func add(_ method: String, _ pattern: String, _ target: Target) {
        let hasParameter = pattern.hasSuffix("}")
        let prefix = hasParameter ? pattern[...(pattern.lastIndex(of: "/") ?? pattern.startIndex)] : pattern[...]
        entries.append(Entry(method: method, prefix: String(prefix), hasParameter: hasParameter, target: target))
    }

    /// What a request leads to.
    ///
    /// - Parameters:
    ///   - method: as sent; methods are compared exactly, as HTTP has it.
    ///   - path: without its query, with percent escapes decoded.
    func match(method: String, path: String) -> Match {
        let known = entries.filter { $0.hasParameter ? path.hasLonger(prefix: $0.prefix) : path == $0.prefix }
        let wanted = method == "HEAD" ? "GET" : method
        if let entry = known.first(where: { $0.method == wanted }) {
            let parameter = entry.hasParameter ? String(path.dropFirst(entry.prefix.count)) : nil
            return .found(entry.target, parameter: parameter)
        }
        if known.isEmpty { return .notFound }
        return .methodNotAllowed(known.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] })
    }
}

extension String {
    fileprivate func hasLonger(prefix: String) -> Bool { hasPrefix(prefix) && count > prefix.count }
}
