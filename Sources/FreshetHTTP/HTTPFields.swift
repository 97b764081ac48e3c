/// The header fields of a request or a response, in the order in which they were sent.
///
/// Names are compared without regard to case, as HTTP has it.
package struct HTTPFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One field: a name and its value, without the white space around it.
    package struct Field: Sendable, Equatable {
        /// The name, in the case in which it was sent.
        package var name: String
        /// The value.
        package var value: String

        /// Makes a field.
        package init(name: String, value: String) { (self.name, self.value) = (name, value) }
    }

    /// The fields, in order.
    package var all: [Field]

    /// Makes a list of fields.
    package init(_ all: [Field] = []) { self.all = all }

    /// Makes a list of fields from a literal, in its order; a name may come twice.
    package init(dictionaryLiteral elements: (String, String)...) {
        all = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// The value of the first field of that name. Setting one replaces all of that name, and `nil` removes them.
    package subscript(name: String) -> String? {
        get { all.first { $0.name.isSameField(as: name) }?.value }
        set {
            all.removeAll { $0.name.isSameField(as: name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// The values of every field of that name, in order.
    package func values(of name: String) -> [String] {
        all.lazy.filter { $0.name.isSameField(as: name) }.map(\.value)
    }

    /// The same fields without white space at their values' ends.
    var trimmed: HTTPFields {
        HTTPFields(all.map { Field(name: $0.name, value: String($0.value.trimmingBlanks)) })
    }

    /// Adds a field after those that are there.
    package mutating func add(_ name: String, _ value: String) { all.append(Field(name: name, value: value)) }
}

extension StringProtocol {
    /// The text without the spaces and tabs at its ends: HTTP's optional white space, and no other.
    var trimmingBlanks: SubSequence {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        let text = drop(while: isBlank)
        return text.lastIndex { !isBlank($0) }.map { text[...$0] } ?? text
    }

    /// Whether it is what HTTP calls a token: one or more letters, digits, and the marks `!#$%&'*+-.^_`|~`.
    var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Whether it can be a field's value: a line end would begin a field that nobody sent.
    var isFieldValue: Bool { utf8.allSatisfy { $0 == UInt8(ascii: "\t") || $0 >= 0x20 && $0 != 0x7F } }

    /// The media type that a `Content-Type` field names, in lower case and without its parameters.
    var mediaType: String { prefix { $0 != ";" }.trimmingBlanks.lowercased() }
}

extension String {
    /// Whether two field names are the same to HTTP: ASCII letters are compared without regard to case.
    fileprivate func isSameField(as other: String) -> Bool {
        let (mine, theirs) = (utf8, other.utf8)
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UInt8 {
    fileprivate var asciiLowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
