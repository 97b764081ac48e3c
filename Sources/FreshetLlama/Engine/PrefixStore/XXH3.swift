internal import CXXHash

/// XXH3 with 128 bits over bytes that come piece by piece, by libxxhash (Yann Collet, https://xxhash.com). It tells
/// bytes apart; it does not keep out someone who looks for a collision.
final class XXH3 {
    // Created in init, freed in deinit; used by the owner's thread.
    private let state: OpaquePointer

    /// The hash of no bytes.
    init() {
        // There is no state only when there is no memory, which ends the process in Swift's own allocations too.
        guard let state = XXH3_createState() else { fatalError("There is no memory for a hash.") }
        XXH3_128bits_reset(state)
        self.state = state
    }

    deinit { XXH3_freeState(state) }

    /// Goes on with more bytes.
    func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        XXH3_128bits_update(state, start, bytes.count)
    }

    /// The hash of all bytes so far.
    var digest: UInt128 {
        let hash = XXH3_128bits_digest(state)
        return UInt128(hash.high64) << 64 | UInt128(hash.low64)
    }
}
