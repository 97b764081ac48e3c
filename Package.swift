// swift-tools-version: 6.1
import Foundation
import PackageDescription

// llama.cpp comes from one of two places. In a clone, scripts/bootstrap builds it into `.llama`; an absolute path in the
// linker settings makes `swift build` and `swift test` work without environment variables, and `$ORIGIN` lets an installed
// program find libraries that lie beside it. In the checkout that SwiftPM makes of a dependency there is no `.llama`, and
// such flags are refused: there it is found where `scripts/bootstrap --prefix DIR` put it.
let llama = Context.packageDirectory + "/.llama"
let checkouts = URL(fileURLWithPath: Context.packageDirectory).deletingLastPathComponent()
let isDependency =
    checkouts.lastPathComponent == "checkouts"
    && FileManager.default.fileExists(atPath: checkouts.path + "/../repositories")
let llamaPath: [LinkerSetting] =
    isDependency
    ? []
    : [
        .unsafeFlags([
            "-L\(llama)/lib", "-Xlinker", "-rpath=\(llama)/lib", "-Xlinker", "-rpath=$ORIGIN/../lib",
        ])
    ]

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "Freshet",
    products: [
        .library(name: "Freshet", targets: ["Freshet"]),
        .library(name: "FreshetLlama", targets: ["FreshetLlama"]),
        .library(name: "FreshetHTTP", targets: ["FreshetHTTP"]),
        .executable(name: "freshet", targets: ["FreshetCLI"]),
    ],
    targets: [
        .target(name: "Freshet", swiftSettings: settings),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CMicroHTTPD", linkerSettings: [.linkedLibrary("microhttpd")]),
        .target(name: "FreshetHTTP", dependencies: ["Freshet", "CCurl", "CMicroHTTPD"], swiftSettings: settings),
        .target(
            name: "CLlama",
            exclude: ["kernels"],  // built into llama.cpp (CMakeLists.txt)
            cxxSettings: [.headerSearchPath("../../.llama/include")],
            linkerSettings: llamaPath + [
                .linkedLibrary("llama-common"),
                .linkedLibrary("llama"),
                .linkedLibrary("ggml"),
                .linkedLibrary("ggml-base"),
            ]
        ),
        .systemLibrary(name: "CXXHash"),
        .target(name: "FreshetLlama", dependencies: ["Freshet", "CLlama", "CXXHash"], swiftSettings: settings),
        .target(name: "FreshetBench", dependencies: ["Freshet"], swiftSettings: settings),
        .target(name: "CTerminal", linkerSettings: [.linkedLibrary("edit")]),
        .executableTarget(
            name: "FreshetCLI", dependencies: ["Freshet", "FreshetLlama", "FreshetHTTP", "FreshetBench", "CTerminal"],
            swiftSettings: settings
        ),
        .target(
            name: "FreshetTestSupport", dependencies: ["Freshet", "FreshetHTTP"], path: "Tests/FreshetTestSupport",
            swiftSettings: settings
        ),
        .target(
            name: "FreshetLlamaTestSupport", dependencies: ["Freshet", "FreshetLlama"],
            path: "Tests/FreshetLlamaTestSupport", swiftSettings: settings
        ),
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .target(
            name: "CSamplerOracle", path: "Tests/CSamplerOracle",
            cxxSettings: [.headerSearchPath("../../.llama/include")],
            linkerSettings: llamaPath + [.linkedLibrary("llama")]
        ),
        .target(
            name: "CKernelOracle", path: "Tests/CKernelOracle",
            cxxSettings: [.headerSearchPath("../../.llama/include")],
            linkerSettings: llamaPath + [
                .linkedLibrary("ggml-cpu"), .linkedLibrary("ggml"), .linkedLibrary("ggml-base"),
            ]
        ),
        .target(
            name: "BenchmarkTurns",
            dependencies: ["Freshet", "FreshetBench", "FreshetLlama", "FreshetLlamaTestSupport"],
            path: "Tests/Benchmarks/BenchmarkTurns", swiftSettings: settings
        ),
        .executableTarget(
            name: "SamplerBenchmark",
            dependencies: ["BenchmarkTurns", "Freshet", "FreshetLlama", "CAllocations", "CSamplerOracle"],
            path: "Tests/Benchmarks/SamplerBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "GrammarBenchmark",
            dependencies: [
                "BenchmarkTurns", "Freshet", "FreshetBench", "FreshetLlama", "FreshetLlamaTestSupport",
                "CSamplerOracle",
            ],
            path: "Tests/Benchmarks/GrammarBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "ChunkBenchmark", dependencies: ["BenchmarkTurns", "Freshet", "FreshetHTTP"],
            path: "Tests/Benchmarks/ChunkBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "EngineBenchmark", dependencies: ["Freshet", "FreshetBench", "FreshetHTTP", "FreshetTestSupport"],
            path: "Tests/Benchmarks/EngineBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "SSEFuzzer", dependencies: ["FreshetHTTP", "FreshetTestSupport"], path: "Tests/Fuzzing/SSEFuzzer",
            exclude: ["dictionary"], swiftSettings: settings
        ),
        .executableTarget(
            name: "ServerBenchmark", dependencies: ["Freshet", "FreshetHTTP", "FreshetTestSupport"],
            path: "Tests/Benchmarks/ServerBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "ReproducibleBenchmark",
            dependencies: ["BenchmarkTurns", "Freshet", "FreshetBench", "FreshetLlama", "FreshetTestSupport"],
            path: "Tests/Benchmarks/ReproducibleBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "SpeculationBenchmark",
            dependencies: [
                "BenchmarkTurns", "Freshet", "FreshetBench", "FreshetLlama", "FreshetLlamaTestSupport",
                "FreshetTestSupport",
            ],
            path: "Tests/Benchmarks/SpeculationBenchmark", swiftSettings: settings
        ),
        .executableTarget(
            name: "PrefixStoreProcess", dependencies: ["FreshetLlama", "FreshetTestSupport"],
            path: "Tests/PrefixStoreProcess", swiftSettings: settings
        ),
        .testTarget(name: "FreshetTests", dependencies: ["Freshet", "FreshetTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "FreshetLlamaTests",
            dependencies: [
                "Freshet", "FreshetLlama", "FreshetLlamaTestSupport", "FreshetTestSupport", "PrefixStoreProcess",
                "CAllocations", "CSamplerOracle", "CKernelOracle",
            ],
            exclude: ["golden.json", "Chat/outputs.json"], swiftSettings: settings),
        .testTarget(
            name: "FreshetBenchTests", dependencies: ["Freshet", "FreshetBench", "FreshetTestSupport"],
            exclude: [
                "Report/golden.json", "Report/golden.txt", "Report/golden.csv", "Page/page.html", "Page/small.html",
            ], swiftSettings: settings),
        .testTarget(
            name: "FreshetCLITests", dependencies: ["Freshet", "FreshetBench", "FreshetCLI", "FreshetTestSupport"],
            exclude: ["Commands/manifest.json"], swiftSettings: settings),
        .testTarget(
            name: "FreshetHTTPTests", dependencies: ["Freshet", "FreshetHTTP", "FreshetTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ConformanceTests",
            dependencies: ["Freshet", "FreshetLlama", "FreshetHTTP", "FreshetTestSupport"], swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)
