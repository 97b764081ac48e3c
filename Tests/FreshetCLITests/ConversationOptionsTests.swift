import Freshet
import Testing

@testable import FreshetCLI

/// What the options of a conversation make of a request.
struct ConversationOptionsTests {
    private static func request(_ typed: String...) throws -> GenerationRequest {
        let values = try #require(try Generate.syntax.parse(typed))
        var request = GenerationRequest(prompt: .text("x"))
        values.answer.conversation.apply(to: &request, tools: [])
        return request
    }

    @Test func theDefaultsAreTheRequestsOwn() throws {
        #expect(try Self.request() == GenerationRequest(prompt: .text("x")))
    }

    @Test func everyOptionReachesTheRequest() throws {
        let request = try Self.request(
            "--tool-choice", "look", "--single-tool-call", "--reasoning", "off", "--reasoning-budget", "7",
            "--reasoning-effort", "low", "--reasoning-format", "none", "--chat-template-kwargs",
            #"{"a": [1, "é"], "b": null}"#)
        var expected = GenerationRequest(prompt: .text("x"))
        (expected.toolChoice, expected.callsToolsInParallel) = (.named("look"), false)
        (expected.reasoning.isEnabled, expected.reasoning.effort) = (false, "low")
        (expected.reasoning.budget, expected.reasoning.isSeparate) = (7, false)
        // A variable that is null is one that is not there.
        expected.templateArguments = ["a": #"[1,"\u00e9"]"#]
        #expect(request == expected)
    }

    @Test func whetherToThinkMayStandAmongTheVariables() throws {
        let request = try Self.request("--chat-template-kwargs", #"{"enable_thinking": false}"#)
        #expect(request.reasoning.isEnabled == false && request.templateArguments.isEmpty)
    }

    @Test(arguments: ["", "1", "[]", "{", #"{"enable_thinking": 1}"#])
    func whatIsNoObjectIsRefused(_ text: String) {
        let error = #expect(throws: UsageError.self) { try Self.request("--chat-template-kwargs", text) }
        #expect(error?.message.contains("--chat-template-kwargs needs an object in JSON") == true)
    }
}
