internal import Freshet

/// What the machine allows: the speeds that its memory and its arithmetic limit a model to, and the shares that were
/// reached. After Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
/// Architectures" (2009).
///
/// A token of one stream reads every weight that it touches once, and so is limited by memory; a prompt reads them once
/// for many tokens, and is limited by arithmetic.
package struct Roofline: Codable, Sendable, Hashable {
    /// Threads that measured, which are those that compute.
    package var threads: Int
    /// What all of them together were seen to read from memory, in bytes a second.
    package var measuredReadBandwidth: Double
    /// Bytes that one token reads: the weights that it touches, and the keys and values at ``depth``.
    package var bytesPerToken: Double
    /// The part of ``bytesPerToken`` that is weights.
    package var weightBytesPerToken: Double
    /// The part of ``bytesPerToken`` that is keys and values.
    package var cacheBytesPerToken: Double
    /// The tokens in memory for which ``cacheBytesPerToken`` is counted.
    package var depth: Int
    /// Tokens a second that the bandwidth allows one stream; `nil` where a token reads nothing.
    package var decodeLimit: Double?
    /// The measured speed of one stream divided by ``decodeLimit``; `nil` when it was not measured.
    package var decodeShare: Double?
    /// Multiplications and additions a second of 8-bit integers, in a matrix product, of all threads; `nil` where the
    /// model has no quantised weights.
    package var int8Rate: Double?
    /// The same of floating-point numbers: those of the model's own type, or of 32 bits where it is quantised.
    package var floatRate: Double
    /// Multiplications and additions that one token of a prompt takes: two for each weight that it touches, which are
    /// not those that give logits, since only a prompt's last token has any.
    package var operationsPerToken: Double
    /// Tokens a second of a prompt that the rate of the model's own type allows; `nil` for a model without matrices.
    package var prefillLimit: Double?
    /// The measured speed of a prompt divided by ``prefillLimit``; `nil` when it was not measured.
    package var prefillShare: Double?

    /// A roofline; the limits follow from what was measured and counted.
    ///
    /// - Parameter int8Rate: the rate that limits prompts; `nil` lets ``floatRate`` do so.
    package init(
        threads: Int, measuredReadBandwidth: Double, weightBytesPerToken: Double, cacheBytesPerToken: Double,
        depth: Int, int8Rate: Double?, floatRate: Double, operationsPerToken: Double
    ) {
        self.threads = threads
        self.measuredReadBandwidth = measuredReadBandwidth
        self.weightBytesPerToken = weightBytesPerToken
        self.cacheBytesPerToken = cacheBytesPerToken
        self.depth = depth
        self.int8Rate = int8Rate
        self.floatRate = floatRate
        self.operationsPerToken = operationsPerToken
        bytesPerToken = weightBytesPerToken + cacheBytesPerToken
        decodeLimit = Self.limit(measuredReadBandwidth, bytesPerToken)
        prefillLimit = Self.limit(int8Rate ?? floatRate, operationsPerToken)
    }

    /// What so much a second comes to in pieces of one size; `nil` where that is no speed.
    private static func limit(_ rate: Double, _ piece: Double) -> Double? {
        let limit = rate / piece
        return limit > 0 && limit.isFinite ? limit : nil
    }
}

extension Roofline {
    /// The row of a report whose speed the decode limit is held against: one answer at the least depth.
    static func decodeRow(of measurements: [Measurement]) -> Measurement? {
        measurements.filter { $0.topic == .decode && $0.parameters.streams ?? 1 == 1 }
            .min { $0.parameters.depth ?? 0 < $1.parameters.depth ?? 0 }
    }

    /// The row of a report whose speed the prefill limit is held against: the longest prompt at the least depth. A
    /// short one has as many weights to read, and fewer tokens to read them for.
    static func promptRow(of measurements: [Measurement]) -> Measurement? {
        let rows = measurements.filter { $0.topic == .prompt }
        let depth = rows.map { $0.parameters.depth ?? 0 }.min()
        return rows.filter { $0.parameters.depth ?? 0 == depth }
            .max { $0.parameters.promptLength ?? 0 < $1.parameters.promptLength ?? 0 }
    }

    /// The mean number of tokens in memory while the row was measured that the decode limit is held against.
    static func depth(of measurements: [Measurement]) -> Int {
        let parameters = decodeRow(of: measurements)?.parameters
        return (parameters?.depth ?? 0) + (parameters?.answerLength ?? 0) / 2
    }

    /// The same roofline with the shares of it that the first side's medians reach.
    func sharing(_ measurements: [Measurement]) -> Roofline {
        func share(_ row: Measurement?, of limit: Double?) -> Double? {
            guard let limit, let median = row?.outcomes.first?.summary?.median else { return nil }
            return median / limit
        }
        var roofline = self
        roofline.decodeShare = share(Self.decodeRow(of: measurements), of: decodeLimit)
        roofline.prefillShare = share(Self.promptRow(of: measurements), of: prefillLimit)
        return roofline
    }
}

extension Report {
    /// The report with what the machine allows beside what was reached, where speeds of prompts or answers were
    /// measured to their end.
    ///
    /// - Parameter instruments: the first side's; `nil` for a model that is elsewhere.
    package func withRoofline(by instruments: Instruments?) async -> Report {
        guard isWhole, let instruments,
            let topic = measurements.first(where: { $0.topic == .prompt || $0.topic == .decode })?.topic
        else { return self }
        var report = self
        do throws(GenerationError) {
            let roofline = try await instruments.measureRoofline(Roofline.depth(of: measurements))
            report.roofline = roofline.sharing(measurements)
        } catch {
            guard error.code != .cancelled else {
                report.isWhole = false
                return report
            }
            report.omissions.append(
                Omission(topic, "what the machine allows: \(error.message)", isFailure: true))
        }
        return report
    }
}
