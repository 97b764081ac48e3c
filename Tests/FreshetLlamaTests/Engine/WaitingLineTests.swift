import Freshet
import Testing

@testable import FreshetLlama

struct WaitingLineTests {
    private func submission(of client: String) -> Submission {
        let (_, writer) = ChunkStream.makeStream(capacity: 1, onRoom: {}, onCancel: {})
        let request = GenerationRequest(prompt: .text("A"), client: client)
        let answers = AnswerStream(request, promptCount: 1, model: "toy", writer: writer, now: { .now })
        return Submission(request: request, tokens: [65], answers: answers)
    }

    /// A request can become late while the line is looked through: it is handed back, or still stands in line.
    @Test func whoeverIsTakenOutIsHandedBack() {
        var line = WaitingLine(capacity: 4)
        for client in ["late", "soon late"] { _ = line.add(submission(of: client)) }
        var questions: [String: Int] = [:]
        let removed = line.remove { submission in
            questions[submission.request.client, default: 0] += 1
            return submission.request.client == "late" || questions["soon late", default: 0] > 1
        }
        #expect(removed.map(\.request.client) == ["late"])
        #expect(line.entries.map(\.submission.request.client) == ["soon late"])
    }
}
