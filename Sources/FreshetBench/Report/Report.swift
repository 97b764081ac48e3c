package import Foundation

/// All that a run of the benchmark found. The table, the CSV, the JSON and the page are made from it and from nothing
/// else.
package struct Report: Codable, Sendable, Hashable {
    /// The version of this layout: a reader refuses a greater one. A new optional member does not change it.
    package var format = Report.currentFormat
    /// When the run began.
    package var date: Date
    /// Which program measured.
    package var build: Build
    /// Where.
    package var machine: Machine
    /// What was compared: one side, or two of which the first is measured against the second.
    package var sides: [Side]
    /// How often each row was measured, after a warm-up. A row that was broken off has fewer samples.
    package var rounds: Int
    /// The figures, in the order in which they were measured.
    package var measurements: [Measurement] = []
    /// When things happened in one run of a workload, for plots.
    package var traces: [Trace] = []
    /// How long gaps were, for plots.
    package var histograms: [Histogram] = []
    /// What the machine allows; `nil` when it was not measured.
    package var roofline: Roofline?
    /// What was not measured, and why.
    package var omissions: [Omission] = []
    /// Whether the run came to its end; `false` when somebody stopped it.
    package var isWhole = true

    /// Whether something that was tried could not be measured.
    package var hasFailures: Bool { omissions.contains { $0.isFailure } }

    /// The version that this program writes.
    package static let currentFormat = 1

    /// A report in which nothing is measured yet.
    package init(date: Date, build: Build, machine: Machine, sides: [Side], rounds: Int) {
        self.date = date
        self.build = build
        self.machine = machine
        self.sides = sides
        self.rounds = rounds
    }

    /// Which program measured.
    package struct Build: Codable, Sendable, Hashable {
        /// The program's version.
        package var version: String
        /// The commit of the checkout that the program lies in, 40 hexadecimal digits; `nil` outside of one.
        package var commit: String?

        /// A build.
        package init(version: String, commit: String? = nil) {
            self.version = version
            self.commit = commit
        }
    }

    /// Something that was left out.
    package struct Omission: Codable, Sendable, Hashable {
        /// What would have been measured.
        package var topic: Topic
        /// Why it was not, in one sentence.
        package var reason: String
        /// Whether it was tried, and failed; what was not asked for, or cannot be had of a side, is no failure.
        package var isFailure: Bool

        /// An omission.
        package init(_ topic: Topic, _ reason: String, isFailure: Bool = false) {
            self.topic = topic
            self.reason = reason
            self.isFailure = isFailure
        }
    }
}
