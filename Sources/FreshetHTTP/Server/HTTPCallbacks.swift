internal import CMicroHTTPD

/// libmicrohttpd's callbacks: C's pointers in, ``HTTPDaemon``'s calls out. All run on its one thread.
enum HTTPCallbacks {
    /// The daemon's settings. `context` is its ``HTTPDaemon``.
    static func settings(
        listener: Int32, limits: HTTPServerLimits, context: UnsafeMutableRawPointer
    ) -> freshet_http_options {
        freshet_http_options(
            listener: listener, connections: UInt32(clamping: limits.connections),
            connections_per_address: UInt32(clamping: limits.connectionsPerAddress),
            // Room beside the header for the list of its fields, and for the answer's header.
            connection_memory: limits.headerBytes + (16 << 10), context: context,
            connection_changed: connectionChanged, target_received: targetReceived,
            request_progressed: requestProgressed, request_completed: requestCompleted)
    }

    private static let connectionChanged: MHD_NotifyConnectionCallback = { context, handle, slot, change in
        guard let context, let handle, let slot else { return }
        if change == .CONNECTION_NOTIFY_STARTED {
            slot.pointee = daemon(context).opened(handle)
        } else if let connection = slot.pointee {
            daemon(context).closed(connection, descriptor: freshet_http_descriptor(handle))
            slot.pointee = nil
        }
    }

    private static let targetReceived: freshet_http_target_callback = { context, target, handle in
        if let context, let connection = connection(of: handle) {
            daemon(context).received(target: Array(String(cString: target).utf8), on: connection)
        }
        return nil
    }

    private static let requestProgressed: MHD_AccessHandlerCallback = {
        context, handle, url, method, version, data, size, slot in
        guard let context, let handle, let url, let method, let version, let size, let slot,
            let connection = connection(of: handle)
        else { return .NO }
        let goesOn: Bool
        if let exchange = slot.pointee {
            if let data, size.pointee > 0 {
                let bytes = UnsafeRawBufferPointer(start: data, count: size.pointee)
                goesOn = daemon(context).received(bytes, on: connection)
                size.pointee = 0
            } else {
                goesOn = daemon(context).proceed(Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue())
            }
        } else {
            let head = head(of: handle, target: connection.request.target, url: url, method: method, version: version)
            let capacity = daemon(context).limits.streamBytes
            let exchange = Exchange(
                handle: handle, connection: connection, isHead: head.method == "HEAD", capacity: capacity)
            slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
            goesOn = daemon(context).received(head, for: exchange)
        }
        return goesOn ? .YES : .NO
    }

    private static let requestCompleted: MHD_RequestCompletedCallback = { context, handle, slot, reason in
        guard let context, let handle, let slot, let connection = connection(of: handle) else { return }
        let exchange = slot.pointee.map { Unmanaged<Exchange>.fromOpaque($0).takeRetainedValue() }
        slot.pointee = nil
        daemon(context).completed(
            exchange, on: connection, descriptor: freshet_http_descriptor(handle),
            wasSent: reason == .REQUEST_TERMINATED_COMPLETED_OK)
    }

    private static func daemon(_ context: UnsafeMutableRawPointer) -> HTTPDaemon {
        Unmanaged<HTTPDaemon>.fromOpaque(context).takeUnretainedValue()
    }

    /// A response whose body is what `exchange` has, which outlives it. `nil` when there is no memory.
    static func response(size: UInt64, exchange: Exchange) -> OpaquePointer? {
        freshet_http_response(
            size, Int(min(max(size, 1), 16 << 10)),
            { exchange, _, buffer, count in
                guard let exchange, let buffer else { return FRESHET_HTTP_END_WITH_ERROR }
                let space = UnsafeMutableRawBufferPointer(start: buffer, count: count)
                return HTTPDaemon.read(Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue(), into: space)
            }, Unmanaged.passUnretained(exchange).toOpaque())
    }

    private static func connection(of handle: OpaquePointer) -> HTTPConnection? {
        freshet_http_socket_context(handle).map { Unmanaged<HTTPConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func head(
        of handle: OpaquePointer, target: [UInt8], url: UnsafePointer<CChar>, method: UnsafePointer<CChar>,
        version: UnsafePointer<CChar>
    ) -> RequestHead {
        var fields = HTTPFields()
        withUnsafeMutablePointer(to: &fields) { fields in
            _ = MHD_get_connection_values_n(
                handle, .HEADER_KIND,
                { fields, _, name, nameSize, value, valueSize in
                    let name = UnsafeRawBufferPointer(start: name, count: nameSize)
                    let value = UnsafeRawBufferPointer(start: value, count: valueSize)
                    fields?.assumingMemoryBound(to: HTTPFields.self).pointee
                        .add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
                    return .YES
                }, fields)
        }
        return RequestHead(
            method: String(cString: method), target: target, version: String(cString: version), fields: fields,
            size: freshet_http_header_size(handle),
            isPlain: freshet_http_header_is_plain(handle, method, url, target.count, version))
    }
}
