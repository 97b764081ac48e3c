package import Freshet

/// How servers are asked: by what all of them understand.
package struct Manner: Sendable, Hashable {
    /// What prompts are made of.
    package var kind: Prompts.Kind
    /// Whether answers go on where the model would end them, so that they have the length that was asked for.
    package var ignoresEnd: Bool

    /// A manner.
    package init(_ kind: Prompts.Kind, ignoresEnd: Bool = true) { (self.kind, self.ignoresEnd) = (kind, ignoresEnd) }

    /// From the most exact to that which the fewest servers refuse.
    static let all = [
        Manner(.tokens), Manner(.text), Manner(.messages), Manner(.messages, ignoresEnd: false),
        Manner(.text, ignoresEnd: false),
    ]

    /// What a report's settings call it.
    package var description: String { kind.rawValue + (ignoresEnd ? "" : ", which may end early") }

    /// Asks each provider for a token, in one manner after another, until all of them answer.
    ///
    /// - Throws: `GenerationError`: the first refusal when none is understood by all, and at once what another manner
    ///   would not mend, such as a server that cannot be reached.
    package static func settle(for providers: [any Provider]) async throws(GenerationError) -> Manner {
        var refusal: GenerationError?
        for manner in all {
            do throws(GenerationError) {
                for provider in providers { try await manner.probe(provider) }
                return manner
            } catch {
                guard error.isAboutTheRequest else { throw error }
                refusal = refusal ?? error
            }
        }
        throw refusal ?? GenerationError(.badResponse, "Nobody answers.")
    }

    private func probe(_ provider: any Provider) async throws(GenerationError) {
        // No experiment has this seed: what is asked here is in memory when they begin.
        var prompts = Prompts(self, seed: .min)
        let content = prompts.next(8)
        var request = Workload.Planned("probe", prompt: prompts.prompt(content), answerLength: 1).request
        request.sampling.ignoresEndOfGeneration = ignoresEnd
        _ = try await provider.reply(to: request)
    }
}

extension GenerationError {
    /// Whether a request of another form may be taken.
    fileprivate var isAboutTheRequest: Bool {
        let codes: [Code] = [
            .invalidRequest, .notFound, .methodNotAllowed, .unsupportedMediaType, .badResponse, .providerFailed,
        ]
        return codes.contains(code)
    }
}
