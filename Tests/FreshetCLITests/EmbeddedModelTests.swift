import Testing

@testable import FreshetCLI

struct EmbeddedModelPlacesTests {
    @Test func everyFolderAboveIsSearchedTheNearestFirst() {
        let places = FreshetCLI.EmbeddedModel.candidates(above: "/opt/freshet/bin/freshet")
        let file = FreshetCLI.EmbeddedModel.file
        #expect(
            places == [
                "/opt/freshet/bin/\(file)", "/opt/freshet/bin/share/freshet/\(file)", "/opt/freshet/\(file)",
                "/opt/freshet/share/freshet/\(file)", "/opt/\(file)", "/opt/share/freshet/\(file)", "/\(file)",
                "/share/freshet/\(file)",
            ])
    }

    @Test func itIsFoundFromTheTests() throws {
        #expect(try FreshetCLI.EmbeddedModel.find().hasSuffix(FreshetCLI.EmbeddedModel.file))
    }
}
