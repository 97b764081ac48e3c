import Freshet
import Testing

@testable import FreshetHTTP

struct AuthenticatorTests {
    private static let longest = String(repeating: "k", count: Authenticator.keyLimit)

    private static func accepts(_ fields: [String], keys: [String]) throws -> Bool {
        let authenticator = try Authenticator(keys: keys)
        do {
            _ = try authenticator.check(fields)
            return true
        } catch {
            #expect(error.code == .unauthorized)
            #expect(!error.message.contains("sk-") && !error.message.contains("kk"))
            return false
        }
    }

    @Test(arguments: [
        "Bearer sk-one", "bearer sk-one", "BEARER  sk-one", "Bearer sk-two-longer", "Bearer " + longest,
    ])
    func everyKeyIsAccepted(field: String) throws {
        #expect(try Self.accepts([field], keys: ["sk-one", "sk-two-longer", Self.longest]))
    }

    @Test func aKeyIsToldByItsPlace() throws {
        let authenticator = try Authenticator(keys: ["sk-one", "sk-two", Self.longest])
        #expect(try authenticator.check(["Bearer sk-one"]) == 1)
        #expect(try authenticator.check(["Bearer sk-two"]) == 2)
        #expect(try authenticator.check(["Bearer " + Self.longest]) == 3)
        #expect(try Authenticator(keys: []).check(["Bearer sk-one"]) == nil)
    }

    @Test(arguments: [
        [], [""], ["Bearer"], ["Bearer "], ["sk-one"], ["Basic sk-one"], ["Bearer sk-on"], ["Bearer sk-onee"],
        ["Bearer sk-One"], ["Bearer sk-one "], ["Bearer sk-one,sk-two"], ["Bearer sk-one", "Bearer sk-one"],
        ["Bearer " + longest + "k"], ["Bearer " + longest + longest],
    ])
    func everythingElseIsRefused(fields: [String]) throws {
        #expect(try !Self.accepts(fields, keys: ["sk-one", "sk-two", Self.longest]))
    }

    @Test(arguments: [[], ["Bearer anything"], ["nonsense", "twice"]])
    func withoutKeysEverybodyMayAsk(fields: [String]) throws {
        #expect(try Self.accepts(fields, keys: []))
    }

    @Test(arguments: ["", "two words", "ключ", "tab\t", longest + "k"])
    func aKeyThatNoClientCouldSendIsRefusedWithoutSayingIt(key: String) {
        let error = #expect(throws: GenerationError.self) { try Authenticator(keys: ["sk-one", key]) }
        #expect(key.isEmpty || error?.message.contains(key) == false)
    }
}
