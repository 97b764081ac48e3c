package import Foundation
package import Freshet

/// The settings that were measured to be the fastest for one model on one kind of processor.
package struct Profile: Codable, Sendable, Hashable {
    /// The version of this layout; another one is not understood.
    package private(set) var format = Profile.currentFormat
    /// What it holds for.
    package var key: Key
    /// When it was measured.
    package var date: Date
    /// What was found to be faster than the engine's own choice. Empty where nothing was.
    package var settings: TunedSettings
    /// What that came to.
    package var gains: [Gain]

    /// The version that this program writes.
    package static let currentFormat = 1

    /// A profile.
    package init(key: Key, date: Date, settings: TunedSettings, gains: [Gain]) {
        self.key = key
        self.date = date
        self.settings = settings
        self.gains = gains
    }

    /// What a profile holds for.
    package struct Key: Codable, Sendable, Hashable {
        /// The processor's name.
        package var processor: String
        /// What ggml's code was built for and finds there; see ``ProcessorFeatures``.
        package var features: String
        /// Processors that the process may use.
        package var processorCount: Int
        /// The model's ``GGUFFile/fingerprint``.
        package var fingerprint: String

        /// A key.
        package init(processor: String, features: String, processorCount: Int, fingerprint: String) {
            self.processor = processor
            self.features = features
            self.processorCount = processorCount
            self.fingerprint = fingerprint
        }

        /// The name of the profile's file: a hash of the processor, and the model's fingerprint.
        package var fileName: String {
            let hash = XXH3()
            // Lengths keep apart what would read the same in a row.
            for word in [processor, features, String(processorCount)] {
                Array("\(word.utf8.count):\(word)".utf8).withUnsafeBytes(hash.update)
            }
            let digits = String(UInt64(truncatingIfNeeded: hash.digest), radix: 16)
            let model = fingerprint.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
            return String(repeating: "0", count: 16 - digits.count) + digits + "-" + model + ".json"
        }
    }

    /// One speed before and after.
    package struct Gain: Codable, Sendable, Hashable {
        /// What was measured.
        package var objective: TuningObjective
        /// Tokens a second with the engine's own choice; the median of all runs.
        package var before: Double
        /// Tokens a second with the settings; the median of all runs.
        package var after: Double
        /// The median of `after` divided by `before` of each pair of runs, which stood beside each other.
        package var ratio: Double

        /// A gain.
        package init(objective: TuningObjective, before: Double, after: Double, ratio: Double) {
            self.objective = objective
            self.before = before
            self.after = after
            self.ratio = ratio
        }
    }
}

extension Profile {
    /// The most bytes that a profile's text has.
    package static let sizeLimit = 64 << 10

    /// The profile as it stands in its file.
    ///
    /// - Throws: ``GenerationError`` when a number has no form in JSON.
    package func json() throws(GenerationError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        } catch {
            throw GenerationError(.engineFailed, "The profile cannot be written as JSON: \(error).")
        }
    }

    /// Reads a profile's file.
    ///
    /// - Parameter key: what it must hold for: the file's name is but a hash.
    /// - Throws: ``GenerationError`` that says why it cannot be used: it is damaged, of another version, for another
    ///   model or machine, or has settings out of range.
    package init(json: [UInt8], for key: Key) throws(GenerationError) {
        struct Head: Decodable { var format: Int }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = Data(json.prefix(Self.sizeLimit + 1))
        guard data.count <= Self.sizeLimit, let head = try? decoder.decode(Head.self, from: data) else {
            throw Self.unusable("it is damaged")
        }
        guard head.format == Self.currentFormat else {
            throw Self.unusable("it is of version \(head.format), and this program knows \(Self.currentFormat)")
        }
        guard let profile = try? decoder.decode(Profile.self, from: data) else { throw Self.unusable("it is damaged") }
        guard profile.key == key else { throw Self.unusable("it is for another model or machine") }
        var options = LlamaOptions(modelPath: "")
        profile.settings.apply(to: &options)
        do throws(GenerationError) {
            try options.validate()
        } catch {
            throw Self.unusable(
                "its " + (error.message.hasSuffix(".") ? String(error.message.dropLast()) : error.message))
        }
        self = profile
    }

    private static func unusable(_ reason: String) -> GenerationError {
        GenerationError(.invalidRequest, "\(reason); “freshet tune” makes a new one.")
    }
}
