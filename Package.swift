// swift-tools-version: 6.1
import PackageDescription

// llama.cpp is built by scripts/bootstrap into `.llama` beside this file. An absolute path in the linker settings makes
// `swift build` and `swift test` work without environment variables; `$ORIGIN` makes an installed program find
// libraries that were installed beside it.
let llama = Context.packageDirectory + "/.llama"

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "Freshet",
    products: [
        .library(name: "Freshet", targets: ["Freshet"]),
        .library(name: "FreshetLlama", targets: ["FreshetLlama"]),
        .executable(name: "freshet", targets: ["FreshetCLI"]),
    ],
    targets: [
        .target(name: "Freshet", swiftSettings: settings),
        .target(name: "FreshetHTTP", dependencies: ["Freshet"], swiftSettings: settings),
        .target(
            name: "CLlama",
            cxxSettings: [.headerSearchPath("../../.llama/include")],
            linkerSettings: [
                .unsafeFlags([
                    "-L\(llama)/lib", "-Xlinker", "-rpath=\(llama)/lib", "-Xlinker", "-rpath=$ORIGIN/../lib",
                ]),
                .linkedLibrary("llama-common"),
                .linkedLibrary("llama"),
                .linkedLibrary("ggml"),
                .linkedLibrary("ggml-base"),
            ]
        ),
        .target(name: "FreshetLlama", dependencies: ["Freshet", "CLlama"], swiftSettings: settings),
        .target(name: "CTerminal", linkerSettings: [.linkedLibrary("edit")]),
        .executableTarget(
            name: "FreshetCLI", dependencies: ["Freshet", "FreshetLlama", "FreshetHTTP", "CTerminal"],
            swiftSettings: settings
        ),
        .target(
            name: "FreshetTestSupport", dependencies: ["Freshet"], path: "Tests/FreshetTestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "FreshetTests", dependencies: ["Freshet", "FreshetTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "FreshetLlamaTests", dependencies: ["Freshet", "CLlama", "FreshetLlama", "FreshetTestSupport"],
            exclude: ["golden.json"], swiftSettings: settings),
        .testTarget(name: "FreshetHTTPTests", dependencies: ["Freshet", "FreshetHTTP"], swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)
