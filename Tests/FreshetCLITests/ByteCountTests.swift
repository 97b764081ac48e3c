import Testing

@testable import FreshetCLI

struct ByteCountTests {
    @Test(arguments: [
        ("0", 0, "0"), ("1", 1, "1"), ("1023", 1023, "1023"), ("1024", 1024, "1K"), ("500M", 500 << 20, "500M"),
        ("500m", 500 << 20, "500M"), ("2048M", 2 << 30, "2G"), ("8G", 8 << 30, "8G"), ("3T", 3 << 40, "3T"),
        ("9223372036854775807", Int.max, "9223372036854775807"),
    ])
    func isReadAndWritten(text: String, bytes: Int, shortest: String) {
        #expect(ByteCount(text)?.bytes == bytes)
        #expect(ByteCount(bytes).description == shortest)
    }

    @Test(arguments: [
        "", "G", "-1", "-1G", "1.5G", "1GB", "1 G", "G1", "0x10", "9223372036854775808", "8388608T", "٣", "1Ｇ", "1_000",
        "nan",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(ByteCount(text) == nil)
    }
}
