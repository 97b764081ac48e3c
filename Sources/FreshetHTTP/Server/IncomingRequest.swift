/// What has come of a request that is being read.
struct IncomingRequest {
    /// The target as it was sent.
    var target: [UInt8] = []
    /// The request, its body growing; `nil` before its header has been taken.
    var request: HTTPRequest?
    /// Why it will be refused, once its body has been read and dropped.
    var refusal: HTTPRefusal?
    /// Bytes of the body that came after it had been found too large.
    var droppedBytes = 0

    /// Bytes of the body that are kept, here or by the request's handler.
    private(set) var bodyBytes = 0

    /// Adds a piece of the body, where all requests together may keep `room` bytes more. Answers whether the connection
    /// goes on.
    mutating func append(_ bytes: UnsafeRawBufferPointer, limits: HTTPServerLimits, room: Int) -> Bool {
        if refusal == nil {
            if bodyBytes + bytes.count > limits.bodyBytes {
                // Only a chunked body comes here, as others say their length.
                refusal = RequestHead.bodyTooLarge(limits)
            } else if bytes.count > room {
                refusal = HTTPRefusal(
                    503, "The server is receiving too much at once; try again later.", code: .overloaded)
            } else {
                request?.body.append(contentsOf: bytes)
                bodyBytes += bytes.count
                return true
            }
            request = nil
            bodyBytes = 0
        }
        // libmicrohttpd takes no answer before the body's end, so as much as a body may have is read and dropped for
        // the client to hear why.
        droppedBytes += bytes.count
        return droppedBytes <= limits.bodyBytes
    }
}
