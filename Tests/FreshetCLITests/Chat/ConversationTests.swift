import Freshet
import Testing

@testable import FreshetCLI

struct ConversationTests {
    private static var sample: Conversation {
        var conversation = Conversation(system: "Be brief.")
        conversation.ask("My name is Ada.")
        conversation.answer(Message(role: .assistant, content: "Hello, Ada! \u{1F600}"))
        return conversation
    }

    @Test func theSystemPromptComesFirst() {
        #expect(Self.sample.messages.map(\.role) == [.system, .user, .assistant])
        var bare = Self.sample
        bare.system = nil
        #expect(bare.messages.map(\.role) == [.user, .assistant])
    }

    @Test func anAnswerIsTakenBackWithItsQuestionLeft() {
        var conversation = Self.sample
        let isTakenBack = conversation.takeBackAnswer()
        #expect(isTakenBack)
        #expect(conversation.turns == [Message(role: .user, content: "My name is Ada.")])
        let isTakenBackAgain = conversation.takeBackAnswer()
        #expect(!isTakenBackAgain)
        conversation.takeBackQuestion()
        #expect(conversation.turns.isEmpty)
        conversation.takeBackQuestion()
        #expect(conversation.turns.isEmpty)
    }

    @Test func callsWaitForTheirResults() throws {
        var conversation = Self.sample
        conversation.ask("What is the weather?")
        var turn = Message(role: .assistant, content: "")
        turn.reasoning = "Hm."
        turn.toolCalls = ["a", "b"].map { ToolCall(id: $0, name: "f", arguments: "{}") }
        #expect(conversation.openCall == nil)
        conversation.answer(turn)
        // Thoughts are not kept.
        #expect(conversation.turns.last?.reasoning == "")
        for call in turn.toolCalls {
            #expect(conversation.openCall == call)
            conversation.answer(call, with: "rain")
        }
        #expect(conversation.openCall == nil)
        #expect(conversation.turns.last == Message(role: .tool, content: "rain", toolCallID: "b", name: "f"))
        // Results that wait for the model are kept, and so is a call that waits for its second result.
        #expect(try Conversation(json: conversation.json(), from: "x") == conversation)
        #expect(conversation.awaitsAnswer)
        var half = Self.sample
        half.ask("What is the weather?")
        half.answer(turn)
        half.answer(turn.toolCalls[0], with: "rain")
        let loaded = try Conversation(json: half.json(), from: "x")
        #expect(loaded == half && loaded.openCall == turn.toolCalls[1] && !loaded.awaitsAnswer)
        var answered = conversation
        answered.answer(Message(role: .assistant, content: "It rains."))
        #expect(try Conversation(json: answered.json(), from: "x") == answered)
        let isTakenBack = answered.takeBackAnswer()
        #expect(isTakenBack && answered == conversation)
        // No answer came: all that came of the question goes with it.
        conversation.takeBackQuestion()
        #expect(conversation == Self.sample)
    }

    @Test func resetKeepsTheSystemPrompt() {
        var conversation = Self.sample
        conversation.reset()
        #expect(conversation.messages == [Message(role: .system, content: "Be brief.")])
    }

    @Test func whatIsSavedIsLoaded() throws {
        #expect(try Conversation(json: Self.sample.json(), from: "x") == Self.sample)
        #expect(try Conversation(json: Conversation().json(), from: "x") == Conversation())
    }

    @Test func aQuestionAtTheEndWaitsForItsAnswer() throws {
        let json = #"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#
        let conversation = try Conversation(json: json, from: "x")
        #expect(conversation.awaitsAnswer && conversation.turns == [Message(role: .user, content: "Hi")])
        #expect(!Self.sample.awaitsAnswer && !Conversation().awaitsAnswer)
    }

    /// What a server takes, the chat loads.
    @Test func aRequestOfAnotherProgramIsLoaded() throws {
        let json = #"""
            {"model": "m", "temperature": 1, "messages": [
              {"role": "developer", "content": "Be brief."},
              {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]},
              {"role": "assistant", "content": null},
              {"role": "user", "content": "Weather?"},
              {"role": "assistant", "content": null, "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}]}]}
            """#
        let conversation = try Conversation(json: json, from: "x")
        #expect(conversation.system == "Be brief.")
        #expect(conversation.turns.map(\.content) == ["Hi\nthere", "", "Weather?", ""])
        #expect(conversation.openCall == ToolCall(id: "a", name: "f", arguments: #"{"x":1}"#))
    }

    @Test(arguments: [
        ("", "is not JSON: it is empty"), ("nonsense", "is not JSON"), ("[]", "must be a JSON object, but is a list"),
        ("{}", "messages is required"), (#"{"messages":3}"#, "messages must be a list"),
        (#"{"messages":[{"content":""}]}"#, "messages[0].role is required"),
        (#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "messages[0].content[0].type must be"),
        (#"{"messages":[{"role":"god","content":""}]}"#, "messages[0].role must be"),
        (#"{"messages":[{"role":"assistant","content":""}]}"#, "user and assistant must take turns"),
        (
            #"{"messages":[{"role":"user","content":""},{"role":"user","content":""}]}"#,
            "user and assistant must take turns"
        ),
    ])
    func aHostileFileGetsASentence(json: String, complaint: String) {
        let error = #expect(throws: Exit.self) { try Conversation(json: json, from: "“f”") }
        #expect(error?.status == 1)
        #expect(error?.message?.hasPrefix("“f” holds no conversation") == true)
        #expect(error?.message?.contains(complaint) == true, "\(error?.message ?? "")")
    }

    @Test func deepNestingDoesNotOverflowTheStack() {
        let json = String(repeating: "[", count: 100_000)
        #expect(throws: Exit.self) { try Conversation(json: json, from: "x") }
    }
}
