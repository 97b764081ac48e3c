/// Whose signature makes a server's certificate good. libcurl itself does not read OpenSSL's variables.
struct TrustedRoots: Sendable {
    /// `SSL_CERT_FILE`: a file of certificates, in place of the system's.
    let file: String?
    /// `SSL_CERT_DIR`: a folder of them, in place of the system's.
    let folder: String?

    /// Reads the variables; an empty one is none.
    init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        file = value("SSL_CERT_FILE")
        folder = value("SSL_CERT_DIR")
    }
}
