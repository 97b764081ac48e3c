import FreshetHTTP
import Testing

@Suite struct SSEEncoderTests {
    private func encode(_ data: String) -> String {
        var output: [UInt8] = []
        SSEEncoder.append(Array(data.utf8), to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func oneLineIsOneFrame() {
        #expect(encode(#"{"a":1}"#) == "data: {\"a\":1}\n\n")
        #expect(encode("") == "data: \n\n")
        #expect(String(decoding: SSEEncoder.done, as: UTF8.self) == "data: [DONE]\n\n")
    }

    @Test func everyLineEndBeginsAField() {
        #expect(encode("a\nb\rc\r\nd\n\ne") == "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n")
        #expect(encode("a\r") == "data: a\ndata: \n\n")
        #expect(encode("a\r\r\n\n") == "data: a\ndata: \ndata: \ndata: \n\n")
    }

    @Test func eventsFollowEachOther() {
        var output: [UInt8] = []
        SSEEncoder.append(Array("a".utf8), to: &output)
        SSEEncoder.append(Array("b".utf8), to: &output)
        #expect(String(decoding: output + SSEEncoder.done, as: UTF8.self) == "data: a\n\ndata: b\n\ndata: [DONE]\n\n")
    }
}
