internal import CCurl
internal import Freshet
internal import Glibc

/// What went wrong on the network, in sentences. None holds a header, a path, a query or a password: a host at the
/// most.
extension GenerationError {
    /// The failure that libcurl tells by a code.
    ///
    /// - Parameters:
    ///   - hasBegun: whether the head of the answer had come.
    ///   - words: libcurl's own, which are used for TLS only: elsewhere they may quote what was sent.
    ///   - systemError: the `errno` of a failed connection.
    ///   - proxyStatus: what a proxy answered to CONNECT, or 0.
    init(
        _ code: CURLcode, origin: HTTPOrigin, hasBegun: Bool, words: String, systemError: Int32, proxyStatus: Int
    ) {
        let cause = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            self.init(
                .unreachable, "The name \(origin.host) could not be resolved: check it, and the network.", cause: cause)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            self.init(
                .unreachable, "The proxy that the environment names could not be used to reach \(origin).", cause: cause
            )
        case CURLE_RECV_ERROR where proxyStatus != 0 && proxyStatus / 100 != 2:
            self.init(
                .unreachable, "The proxy that the environment names refused the way to \(origin) (\(proxyStatus)).",
                cause: cause)
        case CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT:
            let reason = systemError == 0 ? cause : String(cString: strerror(systemError))
            self.init(.unreachable, "Could not connect to \(origin): \(reason).", cause: cause)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            self.init(
                .unreachable,
                "The certificate of \(origin) could not be verified (\(words)). If it is right, name its root in "
                    + "SSL_CERT_FILE.", cause: cause)
        case CURLE_SSL_CACERT_BADFILE:
            self.init(
                .unreachable, "The trusted certificates could not be read: check SSL_CERT_FILE and SSL_CERT_DIR.",
                cause: cause)
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM, CURLE_USE_SSL_FAILED:
            self.init(
                .unreachable,
                "No secure connection to \(origin) could be made (\(words)). Is its URL to begin with http://?",
                cause: cause)
        case CURLE_OUT_OF_MEMORY:
            self.init(.outOfMemory, "There is not enough memory for a request.", cause: cause)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
            self.init(.badResponse, "What \(origin) sent is not HTTP: check the URL.", cause: cause)
        default:
            self.init(
                .truncated,
                hasBegun
                    ? "The connection to \(origin) broke off before the end of the answer."
                    : "\(origin) closed the connection without an answer.", cause: cause)
        }
    }

    /// A deadline that has passed.
    init(missed kind: DeadlineTimer.Kind, _ limit: Duration, origin: HTTPOrigin) {
        let time = limit.formatted
        switch kind {
        case .connect:
            self.init(.deadlineExceeded, "There was no connection to \(origin) within \(time) (connect deadline).")
        case .firstByte:
            self.init(.deadlineExceeded, "\(origin) did not begin to answer within \(time) (first-byte deadline).")
        case .idle:
            self.init(.deadlineExceeded, "\(origin) sent nothing for \(time) (idle deadline).")
        case .content:
            self.init(
                .deadlineExceeded, "Nothing of the answer of \(origin) came, or was read, for \(time) (idle timeout).")
        case .total:
            self.init(.deadlineExceeded, "The answer of \(origin) was not whole within \(time) (total deadline).")
        }
    }

    /// An answer that points elsewhere.
    init(redirect head: HTTPResponseHead, origin: HTTPOrigin) {
        let target = head.headers["location"].flatMap { location in
            // The scheme and host only: the rest may hold what was sent.
            (try? HTTPOrigin(url: location)).map { "\($0.scheme)://\($0)" }
        }
        self.init(
            .badResponse,
            "\(origin) redirects (\(head.status)) to \(target ?? "another of its pages"), which is not followed: put the "
                + "final URL into the settings.")
    }
}

extension Duration {
    /// Seconds, without the zeros that say nothing.
    fileprivate var formatted: String {
        let (seconds, attoseconds) = components
        let value = Double(seconds) + Double(attoseconds) / 1e18
        return value == value.rounded() ? "\(Int64(value)) s" : "\(value) s"
    }
}
