import Freshet
import Testing

@Suite struct JSONFieldTests {
    private let root = JSONField([
        "text": "a", "yes": true, "one": 1, "half": .number(0.5), "whole": .number(3), "none": .null,
        "huge": .number(1e300),
        "list": [["role": 1], "x"],
    ])

    private func complaint(_ read: () throws -> Void) -> String? {
        do {
            try read()
            return nil
        } catch {
            let error = error as? GenerationError
            return error.map { "\($0.parameter ?? "-"): \($0.message)" }
        }
    }

    @Test func valuesOfTheRightKindAreRead() throws {
        #expect(try root["text"]?.string() == "a" && root["yes"]?.bool() == true)
        let (one, whole): (Int?, UInt8?) = (try root["one"]?.integer(), try root["whole"]?.integer())
        #expect(one == 1 && whole == 3)
        #expect(try root["half"]?.float() == 0.5 && root["one"]?.double() == 1 && root["huge"]?.float() == .infinity)
        #expect(try root["list"]?.items().count == 2 && root["none"] == nil && root["missing"] == nil)
    }

    @Test func othersAreNamedWithTheirPlace() throws {
        let role = try #require(try root["list"]?.items()[0]["role"])
        #expect(complaint { _ = try role.string() } == "list[0].role: list[0].role must be a string, but is a number.")
        let text = try #require(root["text"])
        #expect(complaint { _ = try text.bool() } == "text: text must be true or false, but is a string.")
        #expect(complaint { _ = try text.double() } == "text: text must be a number, but is a string.")
        #expect(complaint { _ = try text.items() } == "text: text must be a list, but is a string.")
        #expect(complaint { _ = try text.members() } == "text: text must be an object, but is a string.")
        #expect(complaint { _ = try root["yes"]?.double() } == "yes: yes must be a number, but is true.")
        #expect(complaint { _ = try root["half"]?.integer() as Int? } == "half: half must be a whole number.")
        let least = "huge: huge must be a whole number from -128 to 127."
        #expect(complaint { _ = try root["huge"]?.integer() as Int8? } == least)
        #expect(complaint { _ = try JSONField([]).members() } == "-: The JSON must be an object, but is a list.")
    }
}
