import Foundation
import FreshetBench
import FreshetTestSupport
import Testing

/// The page, which is changed on purpose only: then `FRESHET_WRITE_GOLDEN=1 swift test --filter HTMLReportTests` writes
/// the files anew, and a browser shows whether they are any good.
struct HTMLReportTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// A report of two sides with everything in it, and the small one that the other formats write.
    static let reports = ["page": WholeReport.report, "small": SampleReport.report]

    @Test(arguments: ["page", "small"])
    func thePageIsThatOfTheGoldenFile(name: String) throws {
        let page = HTMLReport(try #require(Self.reports[name])).render()
        let file = Self.folder.appending(path: "\(name).html")
        if ProcessInfo.processInfo.environment["FRESHET_WRITE_GOLDEN"] != nil {
            try page.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try page == String(contentsOf: file, encoding: .utf8))
    }

    /// Names that are markup, wherever a report can have one: what a parser makes of the page has the same elements and
    /// attributes as that of harmless names.
    @Test func namesAreNeverMarkup() throws {
        let hostile = "\"><script>alert(1)</script><img src=x onerror='x' style=\"a\"><!-- ]]> &amp; \u{0}"
        func report(_ name: String) -> Report {
            var report = WholeReport.report
            for side in report.sides.indices {
                report.sides[side].name = name
                report.sides[side].address = name
                report.sides[side].model = Side.Model(name: name, file: name)
                report.sides[side].settings = [name: name]
            }
            report.machine.processor = name
            report.build = Report.Build(version: name, commit: name)
            for row in report.measurements.indices {
                report.measurements[row].name = name
                for side in report.measurements[row].outcomes.indices {
                    report.measurements[row].outcomes[side].remark = name
                }
            }
            for trace in report.traces.indices {
                report.traces[trace].name = name
                for line in report.traces[trace].timelines.indices {
                    report.traces[trace].timelines[line].label = name
                }
            }
            for histogram in report.histograms.indices { report.histograms[histogram].name = name }
            report.omissions = [Report.Omission(.restart, name)]
            return report
        }
        let (page, harmless) = (HTMLReport(report(hostile)).render(), HTMLReport(report("name")).render())
        let tags = /<[^>]*>/
        func skeleton(_ page: String) -> [String] {
            page.matches(of: tags).map { String($0.output).replacing(/="[^"]*"/, with: "") }
        }
        #expect(skeleton(page) == skeleton(harmless))
        #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("\u{0}"))
    }

    /// Nothing is fetched: no address but that of a side, which is words, and no attribute that names a file.
    @Test func thePageStandsAlone() {
        let page = HTMLReport(WholeReport.report).render()
        for name in [" href=", " src=", "url(", "@import", "<script", "<link", "<iframe", " on"] {
            #expect(!page.contains(name + "\"") && (name == " on" || !page.contains(name)), "\(name)")
        }
        #expect(page.contains("default-src 'none'") || page.contains("default-src &#39;none&#39;"))
    }

    /// Each picture has its description, and each its numbers.
    @Test func everyPictureIsDescribed() {
        let page = HTMLReport(WholeReport.report).render()
        let pictures = page.matches(of: /<svg class="picture"[^>]*role="img" aria-label="[^"]{20,}"/).count
        #expect(pictures == 4)
        #expect(page.matches(of: /<summary>The numbers<\/summary>\n<div class="wide">\n<table>/).count == pictures)
    }

    /// The pause of the slow reader itself is no gap that others see, and one number of streams makes no curve.
    @Test func whatIsSaidIsAboutTheOthers() {
        var report = SampleReport.report
        report.traces = [
            Trace(
                .slowReader, "1 stream beside a paused reader", side: 0,
                timelines: [
                    Timeline(label: "stream 1", start: 0, pieces: [0.25, 0.5, 0.75, 3], end: 3),
                    Timeline(label: "slow reader", start: 0, pieces: [0.25, 9], end: 9),
                ], slowReader: 1)
        ]
        report.measurements = [
            Measurement(
                .streams, "4 streams", .init(streams: 4), in: .tokensPerSecond, outcomes: [.init([1]), .init([2])])
        ]
        let page = HTMLReport(report).render()
        #expect(page.contains("freshet: the longest gap of the other streams is 2250 ms."))
        #expect(!page.contains("Tokens a second against streams"))
    }

    /// Broken numbers cost their picture and nothing else.
    @Test func whatCannotBeDrawnIsLeftOut() {
        var report = WholeReport.report
        for index in report.histograms.indices { report.histograms[index].edges.removeLast() }
        for index in report.traces.indices {
            report.traces[index].timelines = []
            report.traces[index].intruder = 7
        }
        report.roofline = Roofline(
            threads: 1, measuredReadBandwidth: 0, weightBytesPerToken: 0, cacheBytesPerToken: 0, depth: 0,
            int8Rate: nil,
            floatRate: 0, operationsPerToken: 0)
        for index in report.measurements.indices where report.measurements[index].topic == .streams {
            report.measurements[index].outcomes = [.init([.infinity])]
        }
        let page = HTMLReport(report).render()
        #expect(!page.contains("<svg class=\"picture\""))
        #expect(page.contains("pp512"))
        let empty = Report(
            date: report.date, build: report.build, machine: report.machine, sides: [], rounds: 0)
        #expect(HTMLReport(empty).render().hasSuffix("</html>\n"))
    }
}
