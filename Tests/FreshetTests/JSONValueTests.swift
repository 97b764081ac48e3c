import Freshet
import Testing

@Suite struct JSONValueTests {
    @Test(
        arguments: [
            (["a": 1], ["b": 2], ["a": 1, "b": 2]),
            (["a": ["b": 1, "c": 2]], ["a": ["c": 3]], ["a": ["b": 1, "c": 3]]),
            ([1, ["a": 1], 3], [4, ["b": 2]], [4, ["a": 1, "b": 2], 3]),
            ([1], [2, 3], [2, 3]),
            (["a": 1], ["a": .null], ["a": .null]),
            (["a": [1]], "text", "text"),
        ] as [(JSONValue, JSONValue, JSONValue)])
    func laysOneValueOverAnother(_ lower: JSONValue, _ upper: JSONValue, _ expected: JSONValue) {
        #expect(lower.merging(upper) == expected)
    }

    @Test func knowsItsMembersAndWhetherItHasAny() {
        let value: JSONValue = ["a": ["b": true]]
        #expect(value["a"]?["b"] == true && value["c"] == nil && JSONValue.array([1])["a"] == nil)
        #expect([.null, [], [:]].allSatisfy { (value: JSONValue) in value.isEmpty })
        #expect([0, "", false, .number(0.5), [.null]].allSatisfy { (value: JSONValue) in !value.isEmpty })
    }
}
