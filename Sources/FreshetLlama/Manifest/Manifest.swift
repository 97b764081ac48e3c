public import Freshet

/// What a reproducible answer was: every token of the prompt and the answers, and all that they depend on.
///
/// It comes with the answer to a request that asks for it, in the metadata of the last choice's finish as `manifest`, and
/// says to another run of the same model whether it gives the same: see ``LlamaProvider/verify(_:)``.
public struct Manifest: Sendable, Hashable {
    /// One answer.
    public struct Answer: Sendable, Hashable {
        /// Its tokens, the one that ended it included.
        public var tokens: [Token]
        /// The log-probability of each, by the plain softmax over the model's logits.
        public var logProbabilities: [Float]

        /// Makes an answer.
        public init(tokens: [Token] = [], logProbabilities: [Float] = []) {
            self.tokens = tokens
            self.logProbabilities = logProbabilities
        }
    }

    /// What computed it.
    public var environment: ManifestEnvironment
    /// How tokens were chosen, with the first answer's seed; each further answer's is one more.
    public var sampling: SamplingOptions
    /// The form that the answers were held to.
    public var responseFormat: ResponseFormat
    /// What they were held to beside that, where a chat template has them written as more than text; `nil` is nothing.
    public var form: Form?
    /// Whether the answers went on at the end of the context.
    public var shiftsContext: Bool
    /// The prompt's tokens.
    public var prompt: [Token]
    /// The answers, by index.
    public var answers: [Answer]

    /// The version of the JSON form, which earlier ones are understood beside. Version 1 has no ``form``.
    public static let version = 2

    /// Makes a manifest.
    public init(
        environment: ManifestEnvironment, sampling: SamplingOptions, responseFormat: ResponseFormat = .text,
        form: Form? = nil, shiftsContext: Bool = false, prompt: [Token], answers: [Answer]
    ) {
        self.environment = environment
        self.sampling = sampling
        self.responseFormat = responseFormat
        self.form = form
        self.shiftsContext = shiftsContext
        self.prompt = prompt
        self.answers = answers
    }
}

extension Manifest {
    /// The manifest of answers of which nothing has come.
    init(of request: GenerationRequest, prompt: [Token], form: Form? = nil, by environment: ManifestEnvironment) {
        self.init(
            environment: environment, sampling: request.sampling, responseFormat: request.responseFormat, form: form,
            shiftsContext: request.shiftsContext, prompt: prompt,
            answers: Array(repeating: Answer(), count: request.choiceCount))
    }
}
