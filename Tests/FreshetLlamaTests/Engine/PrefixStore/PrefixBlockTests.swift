import Foundation
import FreshetTestSupport
import PrefixStoreProcess
import Testing

@testable import FreshetLlama

/// A block's name and its file's bytes, as values.
@Suite struct PrefixBlockTests {
    @Test func namesFollowFromTheKeyAndAllTokensBefore() throws {
        let names = try PrefixWorkload.all.map { try PrefixFixture.name($0) }
        #expect(Set(names.map(\.hash)).count == names.count)
        let prompt = PrefixWorkload.prompt([0, 1, 1]) + [7]
        let all = Array(PrefixBlockNames.names(of: prompt[...], modelKey: Array("model".utf8)))
        #expect(try all == [[0], [0, 1], [0, 1, 1]].map { try PrefixFixture.name($0) })
        #expect(try PrefixFixture.name([0], modelKey: "other") != PrefixFixture.name([0]))
        #expect(Array(PrefixBlockNames.names(of: prompt[1..<PrefixStore.blockLength], modelKey: [])).isEmpty)
        // Nor does it matter how the prompt grows.
        let growing = PrefixBlockNames(modelKey: Array("model".utf8))
        for count in stride(from: 0, through: prompt.count, by: 50) { growing.extend(over: prompt[..<count]) }
        growing.extend(over: prompt[...])
        #expect(growing.all == all)
        // A slice's place does not matter.
        let moved = ([1, 2, 3] + PrefixWorkload.prompt([0]))[3...]
        #expect(
            try Array(PrefixBlockNames.names(of: moved, modelKey: Array("model".utf8))) == [PrefixFixture.name([0])])
    }

    @Test func onlyOneSpellingOfANameIsOurs() {
        let name = PrefixBlockName(hash: 0xAB, index: 12)
        let spelling = "freshet-000000000000000000000000000000ab-12.prefix"
        #expect(name.fileName == spelling && PrefixBlockName(fileName: spelling) == name)
        for other in [
            "", "freshet-", "freshet-.prefix", "freshet.lock", spelling + "x", "x" + spelling, spelling.uppercased(),
            "freshet-ab-12.prefix", spelling.replacing("ab", with: "AB"), spelling.replacing("-12", with: "-012"),
            spelling.replacing("-12", with: "--12"), spelling.replacing("-12", with: "-+12"),
            spelling.replacing("-12", with: ""), spelling.replacing("-12", with: "-99999999999999999999"),
            spelling.replacing("freshet", with: "Freshet"), spelling.replacing(".prefix", with: "-prefix"),
        ] { #expect(PrefixBlockName(fileName: other) == nil, "\(other)") }
    }

    private let block = PrefixBlock(
        tokens: PrefixWorkload.prompt([0, 1])[...], range: PrefixStore.blockLength..<2 * PrefixStore.blockLength,
        payload: Array("state".utf8))

    private var file: PrefixBlockFile {
        PrefixBlockFile(modelKey: Array("model".utf8), tokens: block.tokens, range: block.range)
    }

    /// What is read from bytes that stand in a file.
    private func read(_ bytes: [UInt8], as file: PrefixBlockFile? = nil, length: Int? = nil) -> [UInt8]? {
        let stream = tmpfile()
        defer { fclose(stream) }
        let descriptor = fileno(stream)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        return (file ?? self.file).payload(in: descriptor, byteCount: length ?? bytes.count)
    }

    @Test func aFileCutOrLengthenedAnywhereIsNotRead() {
        let bytes = file.front(of: block.payload) + block.payload
        #expect(bytes.count == file.frontLength + 5 && read(bytes) == block.payload)
        for count in 0..<bytes.count {
            #expect(read(Array(bytes[..<count])) == nil, "\(count)")
            // Shorter than when its length was asked for.
            #expect(read(Array(bytes[..<count]), length: bytes.count) == nil, "\(count)")
        }
        for count in [1, 2, 4096] { #expect(read(bytes + [UInt8](repeating: 0, count: count)) == nil) }
        #expect(read(bytes, length: PrefixBlockFile.byteLimit * 2) == nil)
    }

    @Test func aFlippedBitAnywhereIsSeen() {
        let bytes = file.front(of: block.payload) + block.payload
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 1 << UInt8(place % 8)
            #expect(read(damaged) == nil, "\(place)")
        }
    }

    /// As if its name's hash collided.
    @Test func aGoodFileOfAnotherPromptIsNotRead() {
        let bytes = file.front(of: block.payload) + block.payload
        var others = [file, file, file, file]
        others[0].modelKey = Array("modem".utf8)
        others[1].tokens[3] += 1
        others[2].range = 0..<2 * PrefixStore.blockLength
        others[3].tokens = others[3].tokens.dropLast()
        for other in others { #expect(read(bytes, as: other) == nil) }
    }
}
