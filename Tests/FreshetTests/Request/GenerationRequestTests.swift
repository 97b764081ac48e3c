import Foundation
import Freshet
import Testing

@Suite struct GenerationRequestTests {
    private func complaint(_ change: (inout GenerationRequest) -> Void) -> String? {
        var request = GenerationRequest(prompt: .text("Hi"))
        change(&request)
        do {
            try request.validate()
            return nil
        } catch {
            return error.code == .invalidRequest ? error.parameter : "\(error.code)"
        }
    }

    @Test func theTokenLimitIsNotNegative() {
        #expect(complaint { $0.maxTokens = nil } == nil)
        #expect(complaint { $0.maxTokens = 0 } == nil)
        #expect(complaint { $0.maxTokens = .max } == nil)
        #expect(complaint { $0.maxTokens = -1 } == "max_tokens")
    }

    @Test func stopsAreBounded() {
        let (count, bytes) = GenerationRequest.stopLimits
        #expect(complaint { $0.stop = Array(repeating: "a", count: count) } == nil)
        #expect(complaint { $0.stop = Array(repeating: "a", count: count + 1) } == "stop")
        #expect(complaint { $0.stop = [String(repeating: "a", count: bytes)] } == nil)
        #expect(complaint { $0.stop = [String(repeating: "é", count: bytes / 2)] } == nil)
        #expect(complaint { $0.stop = [String(repeating: "é", count: bytes / 2) + "a"] } == "stop")
        #expect(complaint { $0.stop = ["a", ""] } == "stop")
    }

    @Test func theDeadlineIsAhead() {
        #expect(complaint { $0.deadline = .nanoseconds(1) } == nil)
        #expect(complaint { $0.deadline = .zero } == "deadline_ms")
        #expect(complaint { $0.deadline = .seconds(-1) } == "deadline_ms")
    }

    @Test func theIdleTimeoutIsMoreThanNothing() {
        #expect(complaint { $0.idleTimeout = .nanoseconds(1) } == nil)
        #expect(complaint { $0.idleTimeout = .zero } == "idle_timeout_ms")
        #expect(complaint { $0.idleTimeout = .seconds(-1) } == "idle_timeout_ms")
    }

    @Test func choicesWeightAndClientAreBounded() {
        for (count, isValid) in [(1, true), (128, true), (0, false), (-1, false), (129, false), (.max, false)] {
            #expect(complaint { $0.choiceCount = count } == (isValid ? nil : "n"))
        }
        for (weight, isValid) in [(1, true), (100, true), (0, false), (-1, false), (101, false)] {
            #expect(complaint { $0.weight = weight } == (isValid ? nil : "weight"))
        }
        let limit = GenerationRequest.clientLimit
        #expect(complaint { $0.client = String(repeating: "é", count: limit / 2) } == nil)
        #expect(complaint { $0.client = String(repeating: "é", count: limit / 2) + "a" } == "user")
    }

    @Test func logProbabilitiesAreBounded() {
        for (count, isValid) in [(nil, true), (0, true), (20, true), (-1, false), (21, false)] as [(Int?, Bool)] {
            #expect(complaint { $0.logProbabilities = count } == (isValid ? nil : "top_logprobs"))
        }
    }

    @Test func thereIsSomethingToContinue() {
        #expect(complaint { $0.prompt = .text("") } == nil)
        #expect(complaint { $0.prompt = .tokens([]) } == nil)
        #expect(complaint { $0.prompt = .messages([Message(role: .user, content: "")]) } == nil)
        #expect(complaint { $0.prompt = .messages([]) } == "messages")
    }

    @Test func samplingIsCheckedToo() {
        #expect(complaint { $0.sampling.topP = 2 } == "top_p")
    }

    @Test func messagesAreTheirWireForm() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        for role in Role.allCases {
            let message = Message(role: role, content: "é")
            let json = try encoder.encode(message)
            #expect(String(decoding: json, as: UTF8.self) == #"{"content":"é","role":"\#(role.rawValue)"}"#)
            #expect(try JSONDecoder().decode(Message.self, from: json) == message)
        }
    }
}
