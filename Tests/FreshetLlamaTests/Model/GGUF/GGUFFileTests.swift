import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// A file that goes when the test does.
struct TemporaryFile: ~Copyable {
    let path = NSTemporaryDirectory() + "freshet-" + UUID().uuidString + ".gguf"

    init(_ bytes: [UInt8]) throws { try write(bytes) }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    /// Changes bytes in place.
    func overwrite(_ bytes: some Sequence<UInt8>, at place: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(place))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What reading, and checking, a file of these bytes says; `nil` when it is a usable model.
func complaint(_ bytes: [UInt8]) throws -> GenerationError? {
    let file = try TemporaryFile(bytes)
    do {
        try GGUFFile(path: file.path).checkUsable()
        return nil
    } catch {
        return error
    }
}

@Suite struct GGUFFileTests {
    private let tiny = GGUFWriter.tinyLlama

    private func read(_ writer: GGUFWriter) throws -> GGUFFile {
        let file = try TemporaryFile(writer.file)
        return try GGUFFile(path: file.path)
    }

    @Test func readsWhatWasWritten() throws {
        let file = try read(tiny)
        #expect(file.version == 3 && file.architecture == "llama" && file.alignment == 32)
        #expect(file.byteCount == tiny.file.count && file.dataOffset == (tiny.header.count + 31) / 32 * 32)
        #expect(file.metadata.map(\.key) == tiny.metadata.map(\.key))
        #expect(file.tensors.map(\.name) == tiny.tensors.map(\.name))
        #expect(file.tensors.map(\.byteCount) == tiny.tensors.map(\.data.count))
        let queries = try #require(file.tensors.first { $0.name == "blk.0.attn_q.weight" })
        #expect(queries.dimensions == [32, 32] && queries.elementCount == 1024 && queries.type.name == "f32")
        #expect(file.tensorTypes.map(\.count) == [11] && file.tensorTypes.map(\.type.name) == ["f32"])
        #expect(file["tokenizer.ggml.tokens"]?.array?[98] == .string("Ġa"))
        #expect(file["no.such.key"] == nil)
        try file.checkUsable()
    }

    @Test func readsEveryTypeOfValue() throws {
        var writer = GGUFWriter()
        writer.version = 2
        let nested: [UInt8] =
            [9, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]
            + [8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x78]
        writer.metadata = [
            ("u8", .uint8(200)), ("i8", .raw(type: 1, bytes: [0xFF])), ("u16", .uint16(65000)),
            ("i16", .raw(type: 3, bytes: [0, 0x80])), ("u32", .uint32(4_000_000_000)), ("i32", .int32(-5)),
            ("f32", .float32(0.5)), ("true", .raw(type: 7, bytes: [9])), ("text", .string("é\u{0}🍋")),
            ("stray", .raw(type: 8, bytes: [1, 0, 0, 0, 0, 0, 0, 0, 0xFF])), ("u64", .uint64(.max)),
            ("i64", .raw(type: 11, bytes: Array(repeating: 0xFE, count: 8))), ("f64", .float64(-2.25)),
            ("texts", .strings(["a", "", "b"])), ("i32s", .int32s([1, -1])), ("none", .int32s([])),
            ("f32s", .float32s([1.5])), ("nested", .raw(type: 9, bytes: nested)),
        ]
        let file = try read(writer)
        #expect(file.version == 2 && file.tensors.isEmpty && file.dataOffset == file.byteCount)
        #expect(file["u8"] == .uint8(200) && file["i8"] == .int8(-1) && file["u16"] == .uint16(65000))
        #expect(file["i16"] == .int16(.min) && file["u32"]?.integer == 4_000_000_000 && file["i32"]?.integer == -5)
        #expect(file["f32"]?.double == 0.5 && file["true"] == .bool(true) && file["text"]?.string == "é\u{0}🍋")
        #expect(file["stray"]?.string == "\u{FFFD}" && file["u64"] == .uint64(.max) && file["u64"]?.integer == nil)
        #expect(file["i64"] == .int64(Int64(bitPattern: 0xFEFE_FEFE_FEFE_FEFE)) && file["f64"]?.double == -2.25)
        let texts = try #require(file["texts"]?.array)
        #expect((0..<3).map { texts[$0].string } == ["a", "", "b"] && texts.integers == nil)
        #expect(file["i32s"]?.array?.integers == [1, -1] && file["none"]?.array?.integers == [])
        #expect(file["f32s"]?.array?[0] == .float32(1.5) && "\(file["f32s"]?.description ?? "")" == "1 × float32")
        let arrays = try #require(file["nested"]?.array)
        #expect(arrays[0].array?[0] == .uint8(7) && arrays[1].array?[0] == .string("x"))
        #expect(Set(file.metadata.map(\.value.type)) == Set(GGUFValueType.allCases))
    }

    @Test func whatIsNoFileHasASentence() throws {
        func message(_ path: String) -> String? {
            do {
                _ = try GGUFFile(path: path)
                return nil
            } catch {
                return "\(error.code.rawValue): \(error.message)"
            }
        }
        let folder = NSTemporaryDirectory() + "freshet-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        try Data().write(to: URL(fileURLWithPath: folder + "/empty"))
        try Data("GGUG, but not quite".utf8).write(to: URL(fileURLWithPath: folder + "/text"))
        #expect(message(folder + "/none") == "model_not_found: There is no file at \(folder)/none.")
        #expect(message(folder + "/text/x") == "model_not_found: There is no file at \(folder)/text/x.")
        #expect(message("") == "model_not_found: There is no model: its path is empty.")
        #expect(message("a\u{0}b") == "model_not_found: There is no model: its path is not a path.")
        #expect(message(folder) == "model_unusable: The model \(folder) cannot be used: it is a directory.")
        for path in [folder + "/pipe", "/dev/null"] {
            #expect(message(path) == "model_unusable: The model \(path) cannot be used: it is not a regular file.")
        }
        #expect(message(folder + "/empty") == "model_unusable: The model \(folder)/empty cannot be used: it is empty.")
        #expect(
            message(folder + "/text")
                == "model_unusable: The model \(folder)/text cannot be used: it is not a GGUF file.")
        chmod(folder + "/text", 0)
        if geteuid() != 0 {
            #expect(message(folder + "/text")?.hasSuffix("may not be read: permission denied.") == true)
        }
    }

    @Test func aFileCutAnywhereIsDamaged() throws {
        let (needed, header) = (tiny.file.count, tiny.header.count)
        let file = try TemporaryFile(tiny.file)
        for count in (0..<needed).reversed() where count < header + 64 || count % 997 == 0 || count > needed - 3 {
            #expect(truncate(file.path, count) == 0)
            do {
                _ = try GGUFFile(path: file.path)
                Issue.record("a file of \(needed) bytes cut to \(count) was read")
            } catch {
                let isExact = error.message.hasSuffix("it is truncated: it needs \(needed) bytes and has \(count).")
                guard error.code == .modelUnusable, count < header || isExact else {
                    Issue.record("cut to \(count): \(error)")
                    return
                }
            }
        }
    }

    @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8]) func aFlippedByteIsAnErrorOrAFile(_ flip: UInt8) throws {
        let header = tiny.header
        let file = try TemporaryFile(tiny.file)
        let fingerprint = try read(tiny).fingerprint
        for place in header.indices {
            try file.overwrite([header[place] ^ flip], at: place)
            do {
                let read = try GGUFFile(path: file.path)
                #expect(read.fingerprint != fingerprint, "the flip at \(place) goes unseen")
                try read.checkUsable()
            } catch {
                #expect(error.code == .modelUnusable && error.message.hasSuffix("."))
                #expect(error.message.utf8.count < 400 && !error.message.utf8.contains { $0 < 0x20 })
            }
            try file.overwrite([header[place]], at: place)
        }
    }

    @Test func randomDamageIsAnErrorOrAFile() throws {
        var generator = SeededGenerator(seed: 3)
        let header = tiny.header
        let file = try TemporaryFile(tiny.file)
        let words: [[UInt8]] = [
            Array(repeating: 0xFF, count: 8), Array(repeating: 0, count: 8), [0, 0, 0, 0, 0, 0, 0, 0x80],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0],
            [9, 0, 0, 0, 9, 0, 0, 0],
        ]
        for _ in 0..<1000 {
            var bytes = header
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<header.count - 8, using: &generator)
                if Bool.random(using: &generator) {
                    bytes.replaceSubrange(place..<place + 8, with: words.randomElement(using: &generator) ?? [])
                } else {
                    bytes[place] = .random(in: .min ... .max, using: &generator)
                }
            }
            try file.overwrite(bytes, at: 0)
            do {
                try GGUFFile(path: file.path).checkUsable()
            } catch {
                #expect(error.code == .modelUnusable)
            }
        }
    }

    @Test func theFingerprintSeesTheWeightsToo() throws {
        var other = tiny
        other.tensors[10].data[127] ^= 1
        #expect(try read(tiny).fingerprint != read(other).fingerprint)
        #expect(try read(tiny).fingerprint == read(tiny).fingerprint)
        #expect(try read(tiny).fingerprint.count == 16)
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        var complaint: String
        var change: @Sendable (inout GGUFWriter) -> Void
        var testDescription: String { complaint }

        init(_ complaint: String, _ change: @escaping @Sendable (inout GGUFWriter) -> Void) {
            (self.complaint, self.change) = (complaint, change)
        }
    }

    private static let arrayOfArrays = (0..<6).flatMap { _ in
        [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] as [UInt8]
    }

    static let damages = [
        Damage("it is not a GGUF file") { $0.magic = Array("GGML".utf8) },
        Damage("it is GGUF version 1, which is no longer read") { $0.version = 1 },
        Damage("it is GGUF version 4, and only 2 and 3 are known") { $0.version = 4 },
        Damage("it is GGUF version 0, and only 2 and 3 are known") { $0.version = 0 },
        Damage("it was made for a big-endian machine") { $0.version = 0x0300_0000 },
        Damage("claims \(UInt64.max) tensors") { $0.tensorCount = .max },
        Damage("claims \(UInt64.max) metadata entries") { $0.entryCount = .max },
        Damage("holds the key \"general.name\" twice") { $0.metadata.append(("general.name", .uint8(0))) },
        Damage("the name of metadata entry 19 is not text") { $0.metadata.append(("", .uint8(0))) },
        Damage("is of the unknown type 13") { $0["x"] = .raw(type: 13, bytes: []) },
        Damage("arrays within arrays too deep") { $0["x"] = .raw(type: 9, bytes: arrayOfArrays) },
        Damage("elements in \"x\"") {
            $0["x"] = .raw(type: 9, bytes: [0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
        },
        Damage("its general.alignment is 0") { $0["general.alignment"] = .uint32(0) },
        Damage("its general.alignment is 48") { $0["general.alignment"] = .uint32(48) },
        Damage("its general.alignment is 64") { $0["general.alignment"] = .uint64(64) },
        Damage("does not stand at a multiple of 32 bytes") {
            $0["general.alignment"] = .uint32(8)
            $0.alignment = 8
            while ($0.header.count + 7) / 8 * 8 % 32 == 0 {
                $0["pad"] = .string(($0["pad"] == nil ? "12345678" : "1234567890123456"))
            }
        },
        Damage("tensor \"output_norm.weight\" twice") { $0.tensors.append($0.tensors[10]) },
        Damage("is too long") { $0.tensors[3].name = String(repeating: "x", count: 64) },
        Damage("5 dimensions") { $0.tensors[3].dimensions = [32, 16, 1, 1, 1] },
        Damage("impossible shape [32, 0]") { $0.tensors[3].dimensions = [32, 0] },
        Damage("impossible shape [32, -1]") { $0.tensors[3].dimensions = [32, .max] },
        Damage("impossible shape") { $0.tensors[3].dimensions = [1 << 32, 1 << 32] },
        Damage("impossible shape") { $0.tensors[10].dimensions = [1 << 62] },
        Damage("of type 4, which ggml does not know") { $0.tensors[3].type = 4 },
        Damage("of type 99, which ggml does not know") { $0.tensors[3].type = 99 },
        Damage("rows of 32 elements, which q4_K cannot store") { $0.tensors[3].type = 12 },
        Damage("instead of") { $0.tensors[3].type = 1 },
        Damage("instead of") { $0.tensors[3].offset = 0 },
        Damage("it is truncated: it needs") { $0.tensors[10].dimensions = [1 << 40] },
        Damage("larger than any file") {
            $0.tensors[10].dimensions = [(1 << 61) - 1]
        },
        Damage("of type i32, which holds no weights") { $0.tensors[3].type = 26 },
        Damage("of type i32, and must be f32") { $0.tensors[10].type = 26 },
        Damage("of type f16, and must be f32") { $0.tensors[10].type = 1 },
        Damage("of type f16, and must be f32") {
            $0.tensors[10].name = "blk.0.attn_q.bias"
            $0.tensors[10].type = 1
        },
    ]

    @Test(arguments: damages) func everyFieldIsChecked(_ damage: Damage) throws {
        var writer = tiny
        damage.change(&writer)
        let error = try #require(try complaint(writer.file))
        #expect(error.code == .modelUnusable && error.message.contains(damage.complaint), "\(error)")
    }

    /// A file of a few bytes and a large hole, in which every value is 0: an empty text, an empty array.
    struct Hole: Sendable, CustomTestStringConvertible {
        var complaint: String
        var length: Int
        var change: @Sendable (inout GGUFWriter) -> Void
        var testDescription: String { complaint }

        init(_ complaint: String, length: Int, _ change: @escaping @Sendable (inout GGUFWriter) -> Void) {
            (self.complaint, self.length, self.change) = (complaint, length, change)
        }

        /// An array that claims `count` elements of a type.
        static func array(_ type: UInt8, count: UInt64, bytes: [UInt8] = []) -> GGUFWriter.Value {
            .raw(type: 9, bytes: [type, 0, 0, 0] + withUnsafeBytes(of: count.littleEndian) { Array($0) } + bytes)
        }
    }

    static let holes = [
        Hole("it claims 44000000 elements in \"x\", and no more than 4194304 are read", length: 600 << 20) {
            $0["x"] = Hole.array(9, count: 44_000_000)
        },
        Hole("its \"x\" holds too many arrays within arrays", length: 1 << 20) { $0["x"] = Hole.array(9, count: 4097) },
        Hole("it claims 5000000 elements in \"x\", and no more than 4194304 are read", length: 600 << 20) {
            $0["x"] = Hole.array(8, count: 5_000_000)
        },
        Hole("it claims 500000000 elements in \"x\", and no more than 4194304 are read", length: 600 << 20) {
            $0["x"] = Hole.array(0, count: 500_000_000)
        },
        Hole("it claims 200000000 bytes of text, and no more than 134217728 are read", length: 600 << 20) {
            $0["x"] = .raw(type: 8, bytes: withUnsafeBytes(of: UInt64(200_000_000).littleEndian) { Array($0) })
        },
        Hole("its header is longer than 128 MiB", length: 600 << 20) {
            $0["x"] = .raw(type: 8, bytes: withUnsafeBytes(of: UInt64(128 << 20).littleEndian) { Array($0) })
        },
        Hole("it claims 65537 metadata entries, and no more than 65536 are read", length: 600 << 20) {
            $0.entryCount = 65537
        },
        Hole("it claims 20000000 tensors, and no more than 65536 are read", length: 600 << 20) {
            $0.tensorCount = 20_000_000
        },
    ]

    @Test(arguments: holes) func aHoleTakesNoMemory(_ hole: Hole) throws {
        var writer = GGUFWriter()
        writer.entryCount = 10
        hole.change(&writer)
        let file = try TemporaryFile(writer.file)
        #expect(truncate(file.path, hole.length) == 0)
        let error = #expect(throws: GenerationError.self) { try GGUFFile(path: file.path) }
        #expect(error?.message.hasSuffix("\(hole.complaint).") == true, "\(error?.message ?? "")")
    }

    /// Many small arrays are as dear as one large one.
    @Test func elementsAreCountedTogether() throws {
        var writer = GGUFWriter()
        let half = [UInt8](repeating: 0, count: 1 << 21)
        for key in ["a", "b"] { writer[key] = Hole.array(0, count: 1 << 21, bytes: half) }
        _ = try read(writer)
        writer["c"] = .int32s([0])
        let error = #expect(throws: GenerationError.self) { try read(writer) }
        #expect(error?.message.contains("it claims 1 elements in \"c\", and no more than 0 are read") == true)
    }

    @Test func valuesThatDoNotFitAreNotTruncated() {
        #expect(GGUFValue.uint64(.max).integer == nil)
        #expect(GGUFValue.bool(true).integer == nil && GGUFValue.string("1").integer == nil)
        #expect(GGUFValue.int32(1).double == nil && GGUFValue.uint8(1).string == nil && GGUFValue.uint8(1).array == nil)
    }
}
