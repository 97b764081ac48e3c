import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

@Suite struct ThinkingTrackerTests {
    private func tracker(budget: Int? = nil) -> ThinkingTracker {
        ThinkingTracker(start: "<think>", ends: ["</think>", "<call>"], forced: [1, 2], budget: budget)
    }

    @Test func thoughtsAreCountedWhereverTheTagsAreCut() {
        let text = "a<think>bc</think>d<think>e<call>f"
        for size in 1...9 {
            var tracker = tracker()
            var thoughts = ""
            var rest = text[...]
            while !rest.isEmpty {
                let piece = rest.prefix(size)
                rest = rest.dropFirst(size)
                if tracker.accept(text: String(piece), isWhole: true) { thoughts += piece }
            }
            #expect(!tracker.isThinking && tracker.forcedToken == nil)
            if size == 1 { #expect(thoughts == "bc</think>e<call>" && tracker.count == 17) }
        }
    }

    @Test func thePromptMayHaveBegunThem() {
        var open = tracker()
        open.begin(after: "<user>x</think><assistant><think>\n")
        #expect(open.isThinking && open.count == 0)
        var closed = tracker()
        closed.begin(after: "<think>\n\n</think>")
        #expect(!closed.isThinking)
    }

    @Test(arguments: 0...4) func aBudgetEndsThem(_ budget: Int) {
        var tracker = tracker(budget: budget)
        tracker.begin(after: "<think>")
        for place in 0..<budget {
            #expect(tracker.forcedToken == nil, "after \(place)")
            let isThought = tracker.accept(text: "x", isWhole: true)
            #expect(isThought)
        }
        #expect(tracker.forcedToken == 1)
        tracker.accept(text: "</thi", isWhole: true)
        #expect(tracker.forcedToken == 2 && tracker.isThinking)
        tracker.accept(text: "nk>", isWhole: true)
        #expect(tracker.forcedToken == nil && !tracker.isThinking && tracker.count == budget)
        // More thoughts than there may be: at once over.
        tracker.accept(text: "<think>", isWhole: true)
        #expect(tracker.forcedToken == 1)
    }

    @Test func nothingIsForcedIntoACharacter() {
        var tracker = tracker(budget: 1)
        tracker.begin(after: "<think>")
        tracker.accept(text: "", isWhole: false)
        #expect(tracker.forcedToken == nil)
        tracker.accept(text: "é", isWhole: true)
        #expect(tracker.forcedToken == 1 && tracker.count == 2)
    }

    @Test func anEndOfTheirOwnNeedsNoForce() {
        var tracker = tracker(budget: 2)
        tracker.begin(after: "<think>")
        tracker.accept(text: "x", isWhole: true)
        tracker.accept(text: "</think>y", isWhole: true)
        #expect(tracker.forcedToken == nil && !tracker.isThinking)
    }
}
