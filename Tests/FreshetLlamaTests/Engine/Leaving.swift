import Freshet

/// Cancels a stream once so many tokens are computed.
final class Leaving: @unchecked Sendable {
    // Sendable: the variables are read and written under `monitor` only.
    private let monitor = Monitor()
    private let step: Int
    private var computed = 0
    private var leaver: ChunkStream?

    init(at step: Int) { self.step = step }

    var stream: ChunkStream? {
        get { monitor.withLock { leaver } }
        set { monitor.withLock { leaver = newValue } }
    }

    func count(_ tokens: Int = 1) {
        let leaver = monitor.withLock {
            computed += tokens
            return computed >= step ? self.leaver : nil
        }
        leaver?.cancel()
    }
}
