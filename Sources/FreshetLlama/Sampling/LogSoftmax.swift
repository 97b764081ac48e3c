internal import Foundation
package import Freshet

/// A token's place in the plain softmax over a model's logits: as the model gave them, before any stage of a sampler.
package struct TokenLikelihood: Sendable, Hashable {
    /// The token.
    package var token: Token
    /// The natural logarithm of its probability; minus infinity for one that has none, or less than e⁻⁹⁹⁹⁸.
    package var logProbability: Float
}

extension Candidates {
    /// How likely a token and the likeliest ones are: each one's logit less the logarithm of the sum of all
    /// exponentials, which is summed in double. NaN and infinities count as they do for ``Sampler/sample(_:)``.
    ///
    /// The candidates are those of `logits` afterwards. Reads the logits twice and writes nothing of their size.
    ///
    /// - Parameters:
    ///   - token: one of the vocabulary's.
    ///   - count: how many of the likeliest, best first and equal ones by token; fewer where fewer are possible.
    mutating func likelihoods(
        of token: Token, top count: Int, in logits: UnsafePointer<Float>
    ) -> (token: TokenLikelihood, top: [TokenLikelihood]) {
        reset(to: logits)
        var ranking = largest(max(count, 1))
        guard ranking.count > 0 else { return (TokenLikelihood(token: token, logProbability: -.infinity), []) }
        if self.logits[ranking[0]] == .infinity {
            _ = maximum()
            ranking = largest(max(count, 1))
        }
        let values = self.logits
        let maximum = values[ranking[0]]
        let logarithm = log(FloatScan.sumOfExponentials(values, count: self.count, maximum: maximum))
        func likelihood(_ token: Token) -> TokenLikelihood {
            let value = Double(values[Int(token)]) - Double(maximum) - logarithm
            // OpenAI's wire has -9999 for a token without a probability.
            return TokenLikelihood(token: token, logProbability: value > -9998 ? Float(value) : -.infinity)
        }
        let top = (0..<min(count, ranking.count)).map { likelihood(self.token(at: ranking[$0])) }
        return (likelihood(token), top)
    }
}
