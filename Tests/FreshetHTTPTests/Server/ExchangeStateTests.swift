import FreshetTestSupport
import Testing

@testable import FreshetHTTP

@Suite struct ExchangeStateTests {
    /// libmicrohttpd, as far as its rules go: it calls nobody for a suspended connection and does not close one, and a
    /// resume is allowed only for a suspended one.
    private struct Library {
        var isSuspended = false
        var isResponding = false
        var hasEnded = false

        mutating func resume(_ isAsked: Bool) {
            guard isAsked else { return }
            #expect(isSuspended, "resumed without having been suspended")
            isSuspended = false
        }
    }

    @Test func keepsTheLibrarysRulesWhateverComes() {
        for seed in 0..<3000 {
            var random = SeededGenerator(seed: UInt64(seed))
            var state = ExchangeState(capacity: 16)
            var library = Library()
            var (written, sent): ([UInt8], [UInt8]) = ([], [])
            var (isStarted, hasAnswered, isFinished, isProper, isWaiting, isCut) = (
                false, false, false, true, false, false
            )
            var portion: ExchangeState.Portion?
            for _ in 0..<Int.random(in: 5...120, using: &random) {
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<2 where !library.isSuspended && !library.isResponding && !library.hasEnded:
                    let turn = state.turn()
                    #expect(turn == (isCut ? .close : hasAnswered ? .respond : isStarted ? .park : .start))
                    if turn == .start || turn == .park { library.isSuspended = true }
                    isStarted = isStarted || turn == .start
                    library.isResponding = turn == .respond
                    library.hasEnded = turn == .close
                case 2..<4 where isStarted && !hasAnswered:
                    hasAnswered = true
                    library.resume(state.answer(whole: nil))
                case 4..<10 where hasAnswered && !isFinished:
                    let bytes = (0..<Int.random(in: 0...12, using: &random)).map { UInt8($0) }
                    let isFull = state.isFull
                    let (acceptance, resume) = state.write(bytes)
                    library.resume(resume)
                    #expect(acceptance == (isCut || library.hasEnded ? .closed : isFull ? .full : .taken))
                    if acceptance == .taken { written += bytes }
                    isWaiting = acceptance == .full
                    if library.isResponding && acceptance == .taken && !bytes.isEmpty { #expect(!library.isSuspended) }
                case 10 where hasAnswered && !isFinished:
                    (isFinished, isProper) = (true, Bool.random(using: &random))
                    library.resume(state.finish(properly: isProper))
                    isWaiting = false
                    if library.isResponding { #expect(!library.isSuspended) }
                case 11 where Int.random(in: 0..<4, using: &random) == 0:
                    library.resume(state.cut(.clientLeft))
                    isCut = isCut || !library.hasEnded
                    isWaiting = false
                    #expect(!library.isSuspended)
                case 12..<20 where library.isResponding && !library.isSuspended && !library.hasEnded:
                    var space = [UInt8](repeating: 0, count: Int.random(in: 1...10, using: &random))
                    let (result, hasRoom) = space.withUnsafeMutableBytes { state.read(into: $0) }
                    portion = result
                    if hasRoom { isWaiting = false }
                    switch result {
                    case .bytes(let count): sent += space.prefix(count)
                    case .park: library.isSuspended = true
                    case .end, .cut: library.hasEnded = true
                    }
                    // A writer that waits is told of room as soon as there is some.
                    #expect(!isWaiting || state.isFull)
                default: break
                }
                #expect(state.isParked == library.isSuspended)
                if library.hasEnded {
                    let outcome = state.complete(wasSent: portion == .end)
                    if portion == .end { #expect(sent == written && isFinished && isProper) }
                    #expect(outcome == (portion == .end ? .sent : .cut(isCut ? .clientLeft : .aborted)))
                    let (late, resumed) = (state.write([1]).0, state.cut(.shuttingDown))
                    #expect(state.isClosed && late == .closed && !resumed)
                    break
                }
            }
            #expect(written.starts(with: sent))
        }
    }

    @Test func aWholeAnswerNeedsNoWriter() {
        var state = ExchangeState(capacity: 4)
        let turns = (state.turn(), state.answer(whole: Array(0..<10)), state.turn())
        #expect(turns == (.start, true, .respond))
        var (sent, space): ([UInt8], [UInt8]) = ([], [0, 0, 0])
        while case (.bytes(let count), _) = space.withUnsafeMutableBytes({ state.read(into: $0) }) {
            sent += space.prefix(count)
        }
        #expect(sent == Array(0..<10))
        let (end, outcome) = (space.withUnsafeMutableBytes { state.read(into: $0) }.0, state.complete(wasSent: true))
        #expect(end == .end)
        #expect(outcome == .sent)
    }

    @Test func theFirstReasonForAnEndIsTheOneThatIsSaid() {
        var state = ExchangeState(capacity: 4)
        let started = state.turn()
        let resumed = [state.cut(.tooSlow), state.cut(.clientLeft), state.answer(whole: [1])]
        let (closed, outcome) = (state.turn(), state.complete(wasSent: false))
        #expect(started == .start)
        #expect(resumed == [true, false, false])
        #expect(closed == .close)
        #expect(outcome == .cut(.tooSlow))
    }
}
