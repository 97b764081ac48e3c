/// A running computation's question whether to go on, at an address that C can carry.
///
/// It belongs to the thread that computes, and must outlive the context that holds its address.
final class Interruption {
    private var check: (() -> Bool)?

    /// What a context asks: its data is the unretained address of an ``Interruption``.
    static let callback: @convention(c) (UnsafeMutableRawPointer?) -> Bool = { data in
        guard let data else { return false }
        // Asked between any two operations. Whoever gave the address holds the object meanwhile, so that it need not be
        // counted; the standard library has only an underscored way to say so.
        return Unmanaged<Interruption>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.check?() ?? false }
    }

    /// Runs a computation during which `shouldInterrupt` is asked.
    func asking<Result>(_ shouldInterrupt: () -> Bool, _ compute: () -> Result) -> Result {
        withoutActuallyEscaping(shouldInterrupt) { check in
            self.check = check
            defer { self.check = nil }
            return compute()
        }
    }
}
