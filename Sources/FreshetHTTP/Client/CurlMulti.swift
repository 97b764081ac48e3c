internal import CCurl

/// The owner of libcurl's handle for many transfers.
final class CurlMulti: @unchecked Sendable {
    // Sendable: `wake` may be called from any thread, by libcurl's promise; everything else is for the transport's
    // thread, and freeing comes when nobody holds the owner any more.

    /// libcurl's handle. For the transport's thread only.
    let handle: UnsafeMutableRawPointer

    /// The most connections that are kept open for later.
    private static let idleConnections = 64

    init?() {
        guard let handle = curl_multi_init() else { return nil }
        self.handle = handle
        // One exchange a connection: in libcurl 7.88 a paused stream of HTTP/2 stops the reading of its whole
        // connection.
        freshet_curl_multi_set_long(handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING)
        freshet_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, Self.idleConnections)
    }

    deinit { curl_multi_cleanup(handle) }

    /// Ends the wait of the transport's thread, or its next one.
    func wake() { curl_multi_wakeup(handle) }
}
