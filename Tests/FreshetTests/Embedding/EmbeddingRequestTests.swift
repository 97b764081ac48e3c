import Freshet
import Testing

struct EmbeddingRequestTests {
    @Test func valuesOutOfRangeAreRefusedByName() {
        let text = EmbeddingRequest.Input.text("a")
        let cases: [(EmbeddingRequest, String)] = [
            (EmbeddingRequest(inputs: []), "input"),
            (EmbeddingRequest(inputs: Array(repeating: text, count: 2049)), "input"),
            (EmbeddingRequest(""), "input"), (EmbeddingRequest(inputs: [.tokens([])]), "input"),
            (EmbeddingRequest(inputs: [text, .tokens([])]), "input[1]"),
            (EmbeddingRequest(inputs: [text], dimensions: 0), "dimensions"),
            (EmbeddingRequest(inputs: [text], deadline: .zero), "deadline_ms"),
            (EmbeddingRequest(inputs: [text], client: String(repeating: "a", count: 1025)), "user"),
        ]
        for (request, parameter) in cases {
            let error = #expect(throws: GenerationError.self) { try request.validate() }
            #expect(error?.code == .invalidRequest && error?.parameter == parameter)
        }
        #expect(throws: Never.self) { try EmbeddingRequest(inputs: Array(repeating: text, count: 2048)).validate() }
    }

    @Test func vectorsAreCutAndScaledAsAsked() throws {
        let vector: [Float] = [3, 4, 12]
        func finished(_ dimensions: Int?, _ isNormalized: Bool, _ vector: [Float]) throws -> [Float] {
            try EmbeddingRequest(inputs: [.text("a")], dimensions: dimensions, isNormalized: isNormalized)
                .finished(vector)
        }
        #expect(try finished(nil, true, vector) == [3 / 13, 4 / 13, 12 / 13])
        #expect(try finished(2, true, vector) == [0.6, 0.8], "of length 1 again")
        #expect(try finished(2, false, vector) == [3, 4])
        #expect(try finished(nil, true, [0, 0]) == [0, 0])
        // Squares beyond what a Float holds.
        let large = try finished(nil, true, [3e30, 4e30])
        #expect(zip(large, [0.6, 0.8]).allSatisfy { abs($0 - $1) < 1e-6 })
        for bad in [Float.nan, .infinity] {
            #expect(throws: GenerationError.self) { try finished(nil, false, [1, bad]) }
        }
    }
}
