import Foundation
import FreshetBench
import Testing

/// The table and the CSV, against golden files.
struct TextReportTests {
    private static func golden(_ name: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func theTableIsThatOfTheGoldenFile() throws {
        #expect(try TableReport(SampleReport.report).render() == Self.golden("golden.txt"))
    }

    @Test func theCSVIsThatOfTheGoldenFile() throws {
        #expect(try CSVReport(SampleReport.report).render() == Self.golden("golden.csv"))
    }

    @Test func aReportOfNothingIsWritten() {
        var report = SampleReport.report
        (report.measurements, report.omissions, report.roofline, report.isWhole) = ([], [], nil, true)
        #expect(TableReport(report).render().split(separator: "\n").count == 4)
        #expect(CSVReport(report).render().split(separator: "\n").count == 1)
    }

    /// A server chooses the name of its model, which may be anything.
    @Test func aTextIsOneFieldAndNoFormula() {
        var report = SampleReport.report
        report.sides[0].model.name = "=cmd(\"a\",\r\nb)"
        let line = CSVReport(report).render().split(separator: "\n", omittingEmptySubsequences: false)[1]
        #expect(line.contains(#","'=cmd(""a"","#))
        report.sides[0].model.name = "-7"
        #expect(CSVReport(report).render().contains(",-7,"))
    }

    @Test(
        arguments: [
            (12345.6, "12346"), (999.95, "1000.0"), (123.456, "123.5"), (12.345, "12.35"), (0.1234, "0.123"),
            (0, "0.000"),
        ] as [(Double, String)])
    func numbersAreShort(number: Double, text: String) { #expect(Quantity.number(number) == text) }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1 << 10, "1 KiB"), (512 << 20, "512 MiB"), (1536 << 20, "1.5 GiB"),
            (8 << 30, "8 GiB"), (24_600 << 20, "24 GiB"),
        ])
    func bytesHaveTheirUnit(count: Int, text: String) { #expect(Quantity.bytes(count) == text) }

    @Test func oneProcessorIsOne() {
        var report = SampleReport.report
        report.machine.processorCount = 1
        report.roofline?.threads = 1
        let table = TableReport(report).render()
        #expect(table.contains(", 1 processor, 8 GiB,") && table.contains("with 1 thread:"), "\(table)")
    }
}
