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

    /// Adds a piece of the body. Answers whether the connection goes on.
    mutating func append(_ bytes: UnsafeRawBufferPointer, limits: HTTPServerLimits) -> Bool {
        if refusal == nil {
            if (request?.body.count ?? 0) + bytes.count <= limits.bodyBytes {
                request?.body.append(contentsOf: bytes)
                return true
            }
            // Only a chunked body comes here, as others say their length. libmicrohttpd takes no answer before its end,
            // so as much again is read and dropped for the client to hear why.
            refusal = RequestHead.bodyTooLarge(limits)
            request = nil
        }
        droppedBytes += bytes.count
        return droppedBytes <= limits.bodyBytes
    }
}
