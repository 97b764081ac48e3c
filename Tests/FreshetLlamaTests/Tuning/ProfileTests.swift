import Foundation
import Freshet
import Testing

@testable import FreshetLlama

/// What a profile's file must hold to be used, and what using it changes.
struct ProfileTests {
    private static let key = Profile.Key(
        processor: "A Processor", features: "AVX2=1", processorCount: 4, fingerprint: "0123456789abcdef")

    private static var profile: Profile {
        var settings = TunedSettings()
        (settings.threads, settings.batchThreads) = (2, 3)
        (settings.usesRepacking, settings.usesHugePages) = (false, true)
        return Profile(
            key: key, date: Date(timeIntervalSince1970: 1_800_000_000), settings: settings,
            gains: [.init(objective: .decode, before: 10, after: 12, ratio: 1.2)])
    }

    @Test func whatIsWrittenIsRead() throws {
        let json = try Self.profile.json()
        #expect(try Profile(json: Array(json.utf8), for: Self.key) == Self.profile)
        // The names are those of the options.
        #expect(json.contains(#""threads-batch" : 3"#) && json.contains(#""repack" : false"#))
    }

    @Test(arguments: [
        ("", "damaged"), ("{", "damaged"), ("[]", "damaged"), (#"{"format": "1"}"#, "damaged"),
        (#"{"format": 1}"#, "damaged"), (#"{"format": 2, "anything": []}"#, "version 2"),
        (#"{"format": 0}"#, "version 0"), (String(repeating: " ", count: 70_000) + #"{"format": 1}"#, "damaged"),
    ])
    func whatIsNoProfileIsRefused(text: String, complaint: String) {
        let error = #expect(throws: GenerationError.self) { try Profile(json: Array(text.utf8), for: Self.key) }
        #expect(error?.message.contains(complaint) == true)
    }

    @Test(arguments: [
        ("\"threads\" : 2", "\"threads\" : 0", "threads must be"),
        ("\"threads-batch\" : 3", "\"threads-batch\" : 100000", "threads_batch must be"),
        ("\"threads-batch\" : 3", "\"ubatch-size\" : -1", "ubatch_size must be"),
        ("\"threads\" : 2", "\"cache-type-k\" : \"q5\"", "damaged"),
        ("\"threads\" : 2", "\"threads\" : 1e99", "damaged"),
        ("\"threads\" : 2", "\"threads\" : true", "damaged"), ("\"repack\" : false", "\"repack\" : 0", "damaged"),
        ("\"repack\" : false", "\"cache-type-v\" : {}", "damaged"),
        ("A Processor", "Another", "another model or machine"),
        ("0123456789abcdef", "0123456789abcdee", "another model or machine"),
    ])
    func hostileValuesAreRefused(part: String, change: String, complaint: String) throws {
        let json = try Self.profile.json()
        #expect(json.contains(part))
        let changed = json.replacingOccurrences(of: part, with: change)
        let error = #expect(throws: GenerationError.self) { try Profile(json: Array(changed.utf8), for: Self.key) }
        #expect(error?.message.contains(complaint) == true, "\(error?.message ?? "")")
    }

    @Test func theFileNameTellsEveryPartOfTheKeyApart() {
        var names: Set<String> = [Self.key.fileName]
        var changed = Self.key
        changed.processor = "A Processo"
        changed.features = "rAVX2=1"
        names.insert(changed.fileName)
        for change: (inout Profile.Key) -> Void in [
            { $0.processor += "!" }, { $0.features += "!" }, { $0.processorCount = 5 }, { $0.fingerprint = "1" },
        ] {
            changed = Self.key
            change(&changed)
            names.insert(changed.fileName)
        }
        #expect(names.count == 6)
        changed.fingerprint = "../../etc/passwd"
        #expect(!changed.fileName.contains("/"))
    }
}

struct TunedSettingsTests {
    private static var all: TunedSettings {
        var all = TunedSettings()
        (all.threads, all.batchThreads, all.batchSize, all.microBatchSize) = (3, 4, 64, 32)
        (all.usesBLAS, all.usesRepacking, all.flashAttention) = (true, false, true)
        (all.keyType, all.valueType, all.usesMemoryMap, all.usesHugePages) = (.q8_0, .q4_0, false, true)
        return all
    }

    @Test func everySettingReachesTheOptionsUnlessAPersonChoseIt() {
        let plain = LlamaOptions(modelPath: "a")
        for setting in TunableSetting.all {
            var (taken, kept) = (plain, plain)
            Self.all.apply(to: &taken)
            Self.all.apply(to: &kept, except: [setting.name])
            #expect(setting.value(in: taken) == setting.value(in: Self.all))
            #expect(setting.value(in: taken) != setting.value(in: plain), "\(setting.name) changed nothing")
            #expect(setting.value(in: kept) == setting.value(in: plain), "\(setting.name) was given")
        }
    }

    /// Every field has a row of its own, and each row another option of the engine's.
    @Test func everyFieldHasItsRow() {
        let fields = Mirror(reflecting: TunedSettings()).children.count
        #expect(Set(TunableSetting.all.map(\.name)).count == fields && TunableSetting.all.count == fields)
        for (setting, value) in Self.all.values {
            var (one, options) = (TunedSettings(), LlamaOptions(modelPath: "a"))
            #expect(setting.set(value, in: &one) && one.values.map(\.setting.name) == [setting.name])
            one.apply(to: &options)
            let changed = TunableSetting.all.filter { $0.value(in: options) != $0.usual }
            #expect(changed.map(\.name) == [setting.name])
            // A value of another kind changes nothing.
            let other: TunedValue = setting.kind == .flag ? .number(1) : .isOn(true)
            #expect(!setting.set(other, in: &one) && setting.value(in: one) == value)
            #expect(setting.set(nil, in: &one) && one == TunedSettings())
        }
    }

    @Test func whatBelongsTogetherStaysTogether() throws {
        var options = LlamaOptions(modelPath: "a")
        options.threads = 1
        Self.all.apply(to: &options, except: ["threads"])
        #expect(options.threads == 1 && options.batchThreads == nil)

        options = LlamaOptions(modelPath: "a")
        options.flashAttention = false
        Self.all.apply(to: &options, except: ["flash-attn"])
        #expect(options.valueType == .f16 && options.keyType == .q8_0)
        try options.validate()

        var off = TunedSettings()
        off.flashAttention = false
        options = LlamaOptions(modelPath: "a")
        options.valueType = .q8_0
        off.apply(to: &options, except: ["cache-type-v"])
        #expect(options.flashAttention == nil)
        try options.validate()
    }

    @Test func changesReplaceWhatTheyNameAndNothingElse() {
        var change = TunedSettings()
        (change.threads, change.usesRepacking) = (9, true)
        var expected = Self.all
        (expected.threads, expected.usesRepacking) = (9, true)
        #expect(Self.all.changed(by: change) == expected)
        #expect(TunedSettings().changed(by: Self.all) == Self.all)
    }

    @Test func theyReadAsOptions() {
        #expect(
            Self.all.arguments == [
                "--threads 3", "--threads-batch 4", "--batch-size 64", "--ubatch-size 32", "--cache-type-k q8_0",
                "--cache-type-v q4_0", "--flash-attn on", "--no-mmap", "--huge-pages", "--no-repack", "--blas",
            ])
        var plain = TunedSettings()
        (plain.usesBLAS, plain.usesRepacking) = (false, true)
        #expect(plain.arguments == ["--no-repack=off", "--blas=off"])
    }
}
