package import Freshet

/// A side while it is measured: what the report says of it, and who answers.
package struct Contender: Sendable {
    /// What the report says.
    package var side: Side
    /// Who answers.
    package var provider: any Provider
    /// What can be measured of a model in this process only; `nil` for a server.
    package var instruments: Instruments?
    /// Opens the model anew; `nil` where that is another's to do.
    package var reopen: Reopening?
    /// The process on this machine that answers; `nil` for a server of which nothing is known.
    package var processIdentifier: Int32?

    /// Opens a model, with that folder for computed prompts.
    package typealias Reopening = @Sendable (_ folder: String) async throws(GenerationError) -> Opened

    /// A side.
    package init(
        _ side: Side, provider: any Provider, instruments: Instruments? = nil, processIdentifier: Int32? = nil,
        reopen: Reopening? = nil
    ) {
        self.side = side
        self.provider = provider
        self.instruments = instruments
        self.reopen = reopen
        self.processIdentifier = processIdentifier
    }

    /// A model that was opened anew.
    package struct Opened: Sendable {
        /// Who answers.
        package var provider: any Provider
        /// Frees it, once what is to be kept is written.
        package var shutDown: @Sendable () async -> Void

        /// A model.
        package init(provider: any Provider, shutDown: @escaping @Sendable () async -> Void) {
            self.provider = provider
            self.shutDown = shutDown
        }
    }
}

/// What can be measured only of a model in this process. This room knows neither llama.cpp nor the network: who puts the
/// parts together fills these in.
package struct Instruments: Sendable {
    /// Computes a prompt and an answer of so many tokens in a bare loop in C over the same model.
    package var bareLoop: @Sendable (_ prompt: [Token], _ count: Int) async throws(GenerationError) -> BareLoopTime
    /// Measures what the machine allows this model, with so many tokens in memory.
    package var measureRoofline: @Sendable (_ depth: Int) async throws(GenerationError) -> Roofline
    /// Makes what samples tokens, as many as it is told, over logits of the model's vocabulary.
    package var makeSampling: ProcessorTime.Maker
    /// Makes what writes chunks as server-sent events, as many as it is told.
    package var makeEncoding: ProcessorTime.Maker

    /// The instruments.
    package init(
        bareLoop: @escaping @Sendable ([Token], Int) async throws(GenerationError) -> BareLoopTime,
        measureRoofline: @escaping @Sendable (Int) async throws(GenerationError) -> Roofline,
        makeSampling: @escaping ProcessorTime.Maker, makeEncoding: @escaping ProcessorTime.Maker
    ) {
        self.bareLoop = bareLoop
        self.measureRoofline = measureRoofline
        self.makeSampling = makeSampling
        self.makeEncoding = makeEncoding
    }

    /// What a bare loop took.
    package struct BareLoopTime: Sendable, Hashable {
        /// From before the prompt to after the last token.
        package var total: Duration
        /// The part of it that llama.cpp's sampler took.
        package var sampling: Duration

        /// A time.
        package init(total: Duration, sampling: Duration) {
            self.total = total
            self.sampling = sampling
        }
    }
}
