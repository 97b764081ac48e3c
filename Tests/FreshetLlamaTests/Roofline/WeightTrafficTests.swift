import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// What a token reads, counted by hand from small headers.
struct WeightTrafficTests {
    @Test func theEmbeddedModelReadsAllButItsTable() throws {
        let file = try GGUFFile(path: EmbeddedModel.path)
        let traffic = try WeightTraffic(file)
        let table = try #require(file.tensors.first { $0.name == "token_embd.weight" })
        let whole = file.tensors.reduce(0) { $0 + $1.byteCount }
        let output = file.tensors.first { $0.name == "output.weight" }
        let row = Double(table.byteCount) / Double(table.dimensions[1])
        let expected = output == nil ? Double(whole) : Double(whole - table.byteCount) + row
        #expect(abs(traffic.bytesPerToken - expected) < 1)
        let multiplied = file.tensors.filter {
            $0.name.hasPrefix("blk.") && $0.dimensions.count == 2 && $0.dimensions[1] > 1
        }
        #expect(traffic.operationsPerPromptToken == Double(2 * multiplied.reduce(0) { $0 + $1.elementCount }))
        #expect(traffic.type?.name == "f16")
    }

    @Test func expertsCountByTheirShareAndTiedTablesOnce() throws {
        let tensors: [(name: String, dimensions: [UInt64])] = [
            ("token_embd.weight", [64, 10]), ("blk.0.attn_q.weight", [64, 32]), ("blk.0.attn_norm.weight", [64]),
            ("blk.0.ffn_up_exps.weight", [64, 16, 8]), ("blk.0.ffn_gate_inp.weight", [64, 8]),
            ("blk.1.attn_q.weight", [64, 64]), ("rope_freqs.weight", [32]),
        ]
        func traffic(_ further: [(name: String, dimensions: [UInt64])], _ nextLayers: Int) throws -> WeightTraffic {
            var writer = GGUFWriter()
            writer.metadata = [
                ("general.architecture", .string("toy")), ("toy.block_count", .uint32(2)),
                ("toy.expert_count", .uint32(8)), ("toy.expert_used_count", .uint32(2)),
                ("toy.nextn_predict_layers", .uint32(UInt32(nextLayers))),
            ]
            writer.tensors = (tensors + further).map { .init($0.name, $0.dimensions) }
            let file = try TemporaryFile(writer.file)
            return try WeightTraffic(try GGUFFile(path: file.path))
        }
        // The table gives the logits too; the norm is read; of 8 experts 2 are used.
        let tied = Double(640 + 64 * 32 + 64 + 64 * 16 * 2 + 512 + 64 * 64)
        #expect(try traffic([], 0).bytesPerToken == 4 * tied)
        #expect(try traffic([], 0).operationsPerPromptToken == Double(2 * (64 * 32 + 64 * 16 * 2 + 512 + 64 * 64)))
        // With a matrix of its own for the logits, a row of the table is read.
        let apart = try traffic([("output.weight", [64, 10])], 0)
        #expect(apart.bytesPerToken == 4 * (tied + 64))
        #expect(apart.operationsPerPromptToken == (try traffic([], 0)).operationsPerPromptToken)
        // A last layer that only guesses further tokens is not read.
        #expect(try traffic([], 1).bytesPerToken == 4 * (tied - 64 * 64))
    }

    private var small: MachineRates.Size {
        var size = MachineRates.Size()
        (size.buffer, size.columns, size.rows, size.tokens, size.rounds) = (1 << 20, 256, 64, 32, 2)
        return size
    }

    @Test func aSpeedIsMeasuredForEveryKindOfWeight() async throws {
        for number: UInt32 in [0, 1, 2, 12] {
            let type = try #require(GGUFTensorType(number: number))
            let rates = try await MachineRates.measure(type: type, threads: 1, repacking: true, size: small)
            #expect(rates.readBandwidth > 0 && rates.readBandwidth.isFinite && rates.floatRate > 0)
            #expect((rates.int8Rate != nil) == type.isQuantized && rates.int8Rate.map { $0 > 0 } != false)
        }
    }

    @Test func measuringEndsWithItsTask() async {
        let size = small
        let measuring = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await MachineRates.measure(type: nil, threads: 1, repacking: true, size: size)
        }
        let error = await #expect(throws: GenerationError.self) { try await measuring.value }
        #expect(error?.code == .cancelled)
    }
}
