package import Foundation
package import Freshet

/// A report as JSON, and back: names with underscores, in alphabetical order, so that two reports can be compared line
/// by line.
package struct JSONReport {
    private let report: Report

    /// A report to write.
    package init(_ report: Report) { self.report = report }

    /// The report that a file's bytes hold.
    ///
    /// - Throws: `GenerationError` with code `invalidRequest` when they are no such report, or one of a later version.
    package init(_ bytes: Data) throws(GenerationError) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        do {
            let head = try decoder.decode(Head.self, from: bytes)
            guard head.format <= Report.currentFormat else {
                throw GenerationError.invalid(
                    "report", "is of version \(head.format), and this program reads up to \(Report.currentFormat)")
            }
            report = try decoder.decode(Report.self, from: bytes)
        } catch let error as GenerationError {
            throw error
        } catch {
            throw GenerationError(.invalidRequest, "This is no report of freshet bench.", cause: "\(error)")
        }
    }

    /// The report that was read.
    package var value: Report { report }

    /// The text, with a line end.
    ///
    /// - Throws: `GenerationError` with code `invalidRequest` when a number of it is infinite or none.
    package func render() throws(GenerationError) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
        } catch {
            throw GenerationError(.invalidRequest, "The report holds a number that JSON has no way to write.")
        }
    }

    /// What is read first, since a later version may hold anything else.
    private struct Head: Decodable {
        var format: Int
    }
}
