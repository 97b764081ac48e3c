import Freshet
import FreshetLlamaTestSupport

@testable import FreshetLlama

/// A model's context whose texts are the numbers of its tokens, so that a stream tells which were picked.
final class NumberedBackend: BackendWrapper {
    let base: any Backend
    private let watch: DecodeWatch

    init(_ context: LlamaContext, _ watch: DecodeWatch) { (base, self.watch) = (context, watch) }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        watch.beginDecode()
        return try base.decode(batch) {
            watch.ask()
            return shouldInterrupt()
        }
    }

    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
        bytes += Array("\(token) ".utf8)
    }
}
