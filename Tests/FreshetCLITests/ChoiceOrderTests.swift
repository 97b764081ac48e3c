import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetCLI

struct ChoiceOrderTests {
    /// Whether the chunk belongs to a choice, and not to the whole stream.
    private static func isOfAChoice(_ chunk: Chunk) -> Bool {
        switch chunk.content {
        case .progress, .end: false
        default: true
        }
    }

    /// Of any whole stream everything is read, choice after choice, each in its own order, as soon as that can be.
    @Test(arguments: 0..<20) func choicesComeOneAfterTheOther(_ seed: UInt64) {
        var streams = RandomStream(seed: seed)
        for _ in 0..<50 {
            let chunks = streams.next()
            var order = ChoiceOrder()
            var (read, finished) = ([Chunk](), Set<Int>())
            for (count, chunk) in chunks.enumerated() {
                read += order.take(chunk)
                if case .finish = chunk.content { finished.insert(chunk.index) }
                // The choices up to the first that goes on; of later ones nothing may be read yet.
                let turn = (0...).first { !finished.contains($0) } ?? 0
                let due = chunks.prefix(count + 1).filter { !Self.isOfAChoice($0) || $0.index <= turn }
                #expect(read.count == due.count)
            }
            #expect(order.takeRest().isEmpty)
            let ofChoices = chunks.filter(Self.isOfAChoice)
            let expected = (0..<3).flatMap { index in ofChoices.filter { $0.index == index } }
            #expect(read.filter(Self.isOfAChoice) == expected)
        }
    }

    /// A stream that breaks off: what was held comes in order.
    @Test func whatIsHeldIsGivenOutAtTheEnd() {
        func chunk(_ index: Int, _ text: String) -> Chunk {
            Chunk(id: "a", created: 1, model: "m", index: index, content: .text(text))
        }
        var order = ChoiceOrder()
        #expect(order.take(chunk(2, "c")).isEmpty && order.take(chunk(1, "b")).isEmpty)
        #expect(order.take(chunk(0, "a")).map(\.text) == ["a"])
        #expect(order.take(chunk(1, "d")).isEmpty)
        #expect(order.takeRest().map(\.text) == ["b", "d", "c"])
        #expect(order.takeRest().isEmpty)
    }
}
