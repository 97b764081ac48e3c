import Foundation
import Freshet
import FreshetBench
import Testing

/// A report's JSON is what other programs read: it changes on purpose only.
struct JSONReportTests {
    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("golden.json")

    @Test func theJSONIsThatOfTheGoldenFile() throws {
        let text = try JSONReport(SampleReport.report).render()
        #expect(try text == String(contentsOf: Self.golden, encoding: .utf8))
    }

    @Test func aReportIsReadBack() throws {
        let report = SampleReport.report
        #expect(try JSONReport(Data(JSONReport(report).render().utf8)).value == report)
    }

    @Test(
        arguments: [
            ("", "no report"), ("[]", "no report"), (#"{"format":1}"#, "no report"), (#"{"format":2}"#, "version 2"),
        ])
    func otherBytesAreRefused(text: String, words: String) {
        let error = #expect(throws: GenerationError.self) { try JSONReport(Data(text.utf8)) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func aNumberThatIsNoneIsRefused() {
        var report = SampleReport.report
        report.measurements[0].outcomes[0].samples = [.nan]
        #expect(throws: GenerationError.self) { try JSONReport(report).render() }
    }
}
