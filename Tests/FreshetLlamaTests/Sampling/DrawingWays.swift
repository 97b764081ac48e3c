import Freshet

/// Ways to draw a token, each with what matters most in it.
enum DrawingWays {
    static let all: [(name: String, change: @Sendable (inout SamplingOptions) -> Void)] = [
        ("the usual way", { _ in }),
        ("a plain draw", { ($0.stages, $0.temperature) = ([.temperature], 1) }),
        ("a warm one", { ($0.stages, $0.temperature) = ([.temperature], 1.5) }),
        ("a cool one", { ($0.stages, $0.temperature) = ([.temperature], 0.5) }),
        ("no temperature", { $0.stages = [] }),
        (
            "dynamic temperature",
            { ($0.stages, $0.temperature, $0.dynamicTemperatureRange) = ([.temperature], 1, 0.5) }
        ),
        ("top-k", { ($0.stages, $0.topK, $0.temperature) = ([.topK, .temperature], 40, 1) }),
        ("top-p", { ($0.stages, $0.topP, $0.temperature) = ([.topP, .temperature], 0.9, 1) }),
        ("min-p", { ($0.stages, $0.minP, $0.temperature) = ([.minP, .temperature], 0.05, 1) }),
        ("typical", { ($0.stages, $0.typicalP, $0.temperature) = ([.typicalP, .temperature], 0.5, 1) }),
        ("top-n-sigma", { ($0.stages, $0.topNSigma, $0.temperature) = ([.topNSigma, .temperature], 1, 1) }),
        ("XTC", { ($0.xtcProbability, $0.xtcThreshold) = (0.5, 0.1) }),
        (
            "XTC and no other cut",
            { ($0.stages, $0.xtcProbability, $0.xtcThreshold) = ([.xtc, .temperature], 1, 0.05) }
        ),
        ("Mirostat", { ($0.mirostat, $0.temperature) = (.v1, 1) }),
        ("Mirostat 2", { ($0.mirostat, $0.temperature) = (.v2, 1) }),
        ("a bias", { $0.logitBias = [1: 3, 2: -4, 3: -.infinity] }),
        ("penalties", { ($0.repeatPenalty, $0.frequencyPenalty, $0.presencePenalty) = (1.3, 0.2, 0.3) }),
        ("DRY", { $0.dryMultiplier = 0.8 }),
        ("the likeliest", { $0.temperature = 0 }),
        ("the likeliest with a bias", { ($0.temperature, $0.logitBias) = (0, [1: 3, 2: -4, 3: 5]) }),
        ("the likeliest with penalties", { ($0.temperature, $0.repeatPenalty) = (0, 1.3) }),
        ("the likeliest that XTC leaves", { ($0.temperature, $0.xtcProbability) = (0, 1) }),
        ("the likeliest of the typical", { ($0.temperature, $0.typicalP) = (0, 0.5) }),
    ]
}
