import FreshetHTTP
import Testing

@Suite struct HTTPHeadReaderTests {
    private func read(_ lines: [String]) throws -> [HTTPResponseHead] {
        var reader = HTTPHeadReader()
        return try lines.compactMap { try reader.append($0.utf8) }
    }

    @Test func linesBecomeAHead() throws {
        let heads = try read([
            "HTTP/1.1 200 OK\r\n", "Content-Type:text/event-stream\r\n", "x-A: \t b: c \t\r\n", "Empty:\r\n",
            "no colon\r\n", "X-a: second\r\n", "\r\n",
        ])
        #expect(heads.count == 1)
        #expect(heads[0].status == 200)
        #expect(heads[0].headers["content-TYPE"] == "text/event-stream")
        #expect(heads[0].headers.values(of: "X-A") == ["b: c", "second"])
        #expect(heads[0].headers["empty"] == "")
        #expect(heads[0].headers["absent"] == nil)
    }

    @Test(arguments: [
        ("HTTP/2 429 \r\n", 429), ("HTTP/1.0 404\r\n", 404), ("HTTP/1.1 503 Service Unavailable\n", 503),
        ("HTTP/3 200\r\n", 200),
    ])
    func statusLinesOfEveryVersion(_ line: String, _ status: Int) throws {
        #expect(try read([line, "\r\n"]).map(\.status) == [status])
    }

    @Test func preliminaryAnswersAndTrailersArePassedOver() throws {
        let heads = try read([
            "HTTP/1.1 100 Continue\r\n", "A: early\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "B: b\r\n", "\r\n",
            "Trailer: late\r\n", "\r\n",
        ])
        #expect(heads == [HTTPResponseHead(status: 200, headers: ["B": "b"])])
    }

    @Test func headsAreBoundedTogether() throws {
        let line = "X: " + String(repeating: "a", count: 1019) + "\r\n"
        #expect(try read(["HTTP/1.1 200 OK\r\n"] + Array(repeating: line, count: 63) + ["\r\n"]).count == 1)
        #expect(throws: HTTPHeadReader.TooLong.self) {
            try read(["HTTP/1.1 200 OK\r\n"] + Array(repeating: line, count: 64))
        }
        #expect(throws: HTTPHeadReader.TooLong.self) {
            try read(Array(repeating: ["HTTP/1.1 100 Continue\r\n", "\r\n"], count: 4000).flatMap { $0 })
        }
        #expect(throws: HTTPHeadReader.TooLong.self) {
            try read(["HTTP/1.1 200 OK\r\n", "\r\n"] + Array(repeating: line, count: 64))
        }
    }
}
