import Freshet
import Testing

@Suite struct GenerationErrorTests {
    @Test func theDescriptionIsTheSentence() {
        let error = GenerationError(.outOfMemory, "There is no memory.", cause: "malloc")
        #expect(error.description == "There is no memory." && "\(error)" == "There is no memory.")
        #expect(error.parameter == nil && error.retryAfter == nil && error.partial == nil && error.cause == "malloc")
    }

    @Test func anInvalidValueNamesItsParameter() {
        let error = GenerationError.invalid("top_p", "must be 1 or less")
        #expect(error.code == .invalidRequest && error.parameter == "top_p")
        #expect(error.message == "top_p must be 1 or less.")
    }

    @Test func codesAreDistinctAndStable() {
        let codes: [GenerationError.Code] = [
            .invalidRequest, .promptTooLong, .modelNotFound, .modelUnusable, .outOfMemory, .overloaded,
            .deadlineExceeded,
            .cancelled, .truncated, .shuttingDown, .engineFailed,
        ]
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { !$0.rawValue.isEmpty && $0.rawValue.allSatisfy { $0.isLowercase || $0 == "_" } })
        #expect(GenerationError.Code.promptTooLong.rawValue == "context_length_exceeded")
    }
}
