internal import CCurl

/// Whose signature makes a server's certificate good. libcurl itself does not read OpenSSL's variables.
struct TrustedRoots: Sendable {
    /// `SSL_CERT_FILE`: a file of certificates, in place of the system's file.
    let file: String?
    /// `SSL_CERT_DIR`: a folder of them, in place of the system's folder.
    let folder: String?

    /// Reads the variables; an empty one is none.
    init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        file = value("SSL_CERT_FILE")
        folder = value("SSL_CERT_DIR")
    }

    /// libcurl's options for servers and for proxies; what is not among them keeps the system's value.
    var options: [(CURLoption, String?)] {
        var options: [(CURLoption, String?)] = []
        if let file { options += [(CURLOPT_CAINFO, file), (CURLOPT_PROXY_CAINFO, file)] }
        // The system's file and folder hold the same. Without the folder libcurl keeps what it has read of the file,
        // which otherwise takes 50 ms of every new connection, and of all others on the thread.
        if folder != nil || file == nil { options += [(CURLOPT_CAPATH, folder), (CURLOPT_PROXY_CAPATH, folder)] }
        return options
    }
}
