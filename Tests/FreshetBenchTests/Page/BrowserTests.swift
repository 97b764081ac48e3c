import Foundation
import FreshetBench
import FreshetTestSupport
import Testing

/// The page as a browser shows it: nothing runs over an edge or over something else, whatever the window's width and the
/// reader's choice of light or dark.
@Suite(
    .timeLimit(.minutes(10)),
    .enabled(if: Browser.isInstalled, "there is no chromium, which scripts/bootstrap --tests installs as root"))
struct BrowserTests {
    /// A report of two sides, one of a single side, one of which nothing could be measured, and the small one.
    static let reports: [String: Report] = {
        var alone = WholeReport.report
        alone.sides.removeLast()
        for row in alone.measurements.indices {
            alone.measurements[row].outcomes = Array(alone.measurements[row].outcomes.prefix(1))
            alone.measurements[row].ratio = nil
        }
        alone.measurements.removeAll { $0.topic == .streams && $0.parameters.streams != 1 }
        alone.histograms.removeAll { $0.side != 0 }
        let pieces = (1...12).map { 0.1 * Double($0) }
        alone.traces = [
            // So late that its words come near those on the right.
            Trace(
                .intruder, "a late prompt", side: 0,
                timelines: [
                    Timeline(label: "stream 1", start: 0, pieces: pieces, end: 1.3),
                    Timeline(label: "intruder", start: 0.78, pieces: [1.15], end: 1.3),
                ], intruder: 1),
            Trace(
                .slowReader, "a paused reader", side: 0,
                timelines: [
                    Timeline(label: "stream 1", start: 0, pieces: pieces, end: 1.3),
                    Timeline(label: "slow reader", start: 0, pieces: [0.1, 1.1], end: 1.3),
                ], slowReader: 1),
        ]
        var failed = WholeReport.report
        (failed.measurements, failed.histograms, failed.traces, failed.roofline) = ([], [], [], nil)
        failed.omissions = [
            Report.Omission(.prompt, "pp512: " + String(repeating: "it-is-broken", count: 30), isFailure: true)
        ]
        failed.isWhole = false
        return ["whole": WholeReport.report, "alone": alone, "failed": failed, "small": SampleReport.report]
    }()

    @Test(arguments: ["whole", "alone", "failed", "small"], [false, true])
    func everythingHasItsPlace(name: String, isDark: Bool) async throws {
        let page = HTMLReport(try #require(Self.reports[name])).render()
        let pictures = page.matches(of: /<svg class="picture"/).count
        let found = try await Browser.look(at: page, widths: [360, 1200], isDark: isDark)
        #expect(found.faults == [], "\(name), \(isDark ? "dark" : "light")")
        #expect(found.pictures == 2 * pictures && found.isDark == isDark)
    }

    /// What is looked for is found.
    @Test func whatIsOutOfPlaceIsSeen() async throws {
        let picture = """
            <svg class="picture" viewBox="0 0 200 100" width="200"><text x="150" y="20">beyond the edge</text>
            <text x="20" y="60">one</text><text x="25" y="62">another</text></svg>
            """
        let page = "<!DOCTYPE html><body>\(picture)<p style='width: 2000px; color: #ddd'>pale</p></body>"
        let found = try await Browser.look(at: page, widths: [400], isDark: false)
        for word in ["the page is", "“beyond the edge” is cut off", "“one” and “another” overlap", "“pale” is pale"] {
            #expect(found.faults.contains { $0.contains(word) }, "\(word): \(found.faults)")
        }
    }
}

/// Debian's chromium, without a screen.
private enum Browser {
    private static let path = "/usr/bin/chromium"

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What was seen.
    struct Findings: Decodable {
        /// What is out of place, in words.
        var faults: [String]
        /// The pictures, over all widths.
        var pictures: Int
        /// Whether the page was shown in its dark colours.
        var isDark: Bool
    }

    /// Opens a page in windows of several widths, and looks at it with a script of another page around it: its own is
    /// kept from running any.
    static func look(at page: String, widths: [Int], isDark: Bool) async throws -> Findings {
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "around.html")
        let text = String(decoding: try JSONEncoder().encode(page), as: UTF8.self).replacing("</", with: "<\\/")
        let begin = "<!DOCTYPE html><meta charset=\"utf-8\"><body><script>\n"
        try "\(begin)const page = \(text), widths = \(widths);\n\(script)</script></body>"
            .write(to: file, atomically: true, encoding: .utf8)
        let dom = try await run([
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--user-data-dir=\(folder.path)/profile", "--window-size=1400,1000", "--virtual-time-budget=20000",
            "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)", "--dump-dom", file.absoluteString,
        ])
        let result = try #require(dom.firstMatch(of: /<pre id="result">([^<]*)<\/pre>/)?.1, "\(dom.suffix(2000))")
        let json = result.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
        return try JSONDecoder().decode(Findings.self, from: Data(json.utf8))
    }

    /// What it writes to standard output.
    private static func run(_ arguments: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            // A thread of its own, because it blocks.
            Thread.detachNewThread {
                continuation.resume(
                    with: .init {
                        let (process, pipe) = (Process(), Pipe())
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
                        process.arguments = ["--signal=KILL", "480", path] + arguments
                        (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
                        try process.run()
                        let text = pipe.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return String(decoding: text, as: UTF8.self)
                    })
            }
        }
    }

    /// Shows `page` in a frame of each of the `widths`, and writes what it found into an element that is dumped.
    private static let script = #"""
        const faults = [];
        let left = widths.length, pictures = 0, isDark = false;

        /// The luminance of a colour of WCAG 2.2, from 0 to 1.
        function luminance(colour) {
            const parts = colour.match(/[\d.]+/g).slice(0, 3).map(Number).map(part => {
                part /= 255;
                return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
        }

        /// How far an edge is beyond that of the box around it.
        function excess(inner, outer) {
            return Math.max(
                outer.left - inner.left, inner.right - outer.right, outer.top - inner.top, inner.bottom - outer.bottom);
        }

        function look(view, width) {
            const root = view.document.documentElement;
            const say = words => faults.push(`${width}: ${words}`);
            if (root.scrollWidth > root.clientWidth) say(`the page is ${root.scrollWidth} wide`);
            const backgrounds = [root, view.document.body].map(element => view.getComputedStyle(element).backgroundColor);
            const background = backgrounds.find(colour => !colour.endsWith(", 0)")) ?? "rgb(255, 255, 255)";
            isDark = luminance(background) < 0.2;
            function seen(element, property) {
                const colour = view.getComputedStyle(element)[property];
                const pair = [luminance(colour), luminance(background)].sort((a, b) => b - a);
                // The contrast that WCAG 2.2 asks for.
                if ((pair[0] + 0.05) / (pair[1] + 0.05) < 4.5) say(`“${element.textContent}” is pale: ${colour}`);
            }
            for (const element of view.document.querySelectorAll("p, li, td, th, h1, h2")) {
                if (element.textContent.trim() != "") seen(element, "color");
            }
            for (const picture of view.document.querySelectorAll("svg.picture")) {
                pictures += 1;
                const box = picture.getBoundingClientRect();
                if (box.width < 100 || box.height < 50) say(`a picture is ${box.width} × ${box.height}`);
                const texts = [...picture.querySelectorAll("text")];
                const boxes = texts.map(text => text.getBoundingClientRect());
                texts.forEach((text, place) => {
                    seen(text, "fill");
                    if (excess(boxes[place], box) > 1) say(`“${text.textContent}” is cut off`);
                    for (let other = 0; other < place; other += 1) {
                        const [one, two] = [boxes[other], boxes[place]];
                        const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
                        const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
                        // Lines of text have room around their letters.
                        if (across > 1 && down > 0.35 * Math.min(one.height, two.height)) {
                            say(`“${texts[other].textContent}” and “${text.textContent}” overlap`);
                        }
                    }
                });
                for (const shape of picture.querySelectorAll("path, rect, circle, line")) {
                    const inner = shape.getBoundingClientRect();
                    if (inner.width + inner.height > 0 && excess(inner, box) > 2) say("a shape is cut off");
                }
            }
        }

        for (const width of widths) {
            const frame = document.createElement("iframe");
            [frame.width, frame.height, frame.srcdoc] = [width, 4000, page];
            frame.onload = () => {
                look(frame.contentWindow, width);
                left -= 1;
                if (left > 0) return;
                const result = document.createElement("pre");
                result.id = "result";
                result.textContent = JSON.stringify({ faults, pictures, isDark });
                document.body.append(result);
            };
            document.body.append(frame);
        }
        """#
}
