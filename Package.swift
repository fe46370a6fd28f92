// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Programs that start often, or outlive the daemon, link everything in: no loader, no libc to find.
///
/// Only in release: a debug build has the Swift runtime in shared libraries. Without symbols, which are two fifths of
/// them: `varve-runtime` is in memory as long as the daemon runs.
let whole: [LinkerSetting] = [
    .unsafeFlags(["-static-executable", "-Xlinker", "--strip-all"], .when(configuration: .release))
]

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nio = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS"].map {
    Target.Dependency.product(name: $0, package: "swift-nio")
}
let tls = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: strict)
}

/// One storage driver: a self-contained folder in Plugins/ with its sources and its tests.
func driver(_ name: String, _ libraries: [Target.Dependency]) -> [Target] {
    [
        .target(
            name: "\(name)Driver",
            dependencies: ["GraphDrivers", "Archive", "Linux", "CLinux", system] + libraries,
            path: "Plugins/\(name)/Sources",
            swiftSettings: strict
        ),
        .testTarget(
            name: "\(name)DriverTests",
            dependencies: [
                .target(name: "\(name)Driver"), "DriverChecks", "GraphDrivers", "Archive", "Linux", "CLinux", system,
            ] + libraries,
            path: "Plugins/\(name)/Tests",
            swiftSettings: strict
        ),
    ]
}

/// The built-in storage drivers, with the C libraries that they need.
let drivers: KeyValuePairs<String, [Target.Dependency]> = [
    "Overlay2": [], "Btrfs": ["CBtrfs"], "AUFS": [], "VFS": [], "DeviceMapper": ["CDeviceMapper"],
    "EROFS": ["CVerity"],
    "Remote": ["HTTPClient", "PluginProtocol"],
]

let package = Package(
    name: "varve",
    products: [
        .executable(name: "varve", targets: ["varve"]),
        .executable(name: "varved", targets: ["varved"]),
        .executable(name: "varve-runtime", targets: ["varve-runtime"]),
        // For authors of drivers: docs/writing-a-driver.md.
        .library(name: "GraphDrivers", targets: ["GraphDrivers", "Archive", "Linux"]),
        .library(name: "DriverChecks", targets: ["DriverChecks"]),
        .library(name: "DriverServer", targets: ["DriverServer", "DriverKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // 0 kernel
        .target(name: "CLinux"),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CNftables", pkgConfig: "libnftables", providers: [.apt(["libnftables-dev"])]),
        .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "CBtrfs", providers: [.apt(["libbtrfs-dev"])]),
        .systemLibrary(name: "CVerity"),
        .systemLibrary(name: "CDeviceMapper", pkgConfig: "devmapper", providers: [.apt(["libdevmapper-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // 1 system
        module("Linux", ["CLinux", "CCap", system]),
        // 2 formats
        module("OCI", []),
        module("RuntimeProtocol", ["Linux", "OCI"]),
        module("Seccomp", ["CSeccomp", "OCI", "Linux", "CLinux", system]),
        module("Cgroups", ["OCI", "Linux", "CLinux", system]),
        module("Archive", ["Linux", "CLinux", "CArchive", "CISAL", "OCI", system]),
        module("HTTPClient", ["Linux", system]),
        module("Metrics", []),
        module("Hashing", ["Archive", "OCI", crypto]),
        // 3 drivers
        module("GraphDrivers", ["Archive", "Linux", system]),
        module("PluginProtocol", ["GraphDrivers", system]),
        // 4 services
        module("DriverChecks", ["GraphDrivers", "Archive", "Linux", "CLinux", system]),
        module("Storage", ["GraphDrivers", "Archive", "Hashing", "OCI", "Linux", "CLinux", crypto, logging, system]),
        module("Registry", ["Archive", "Hashing", "OCI", "Linux", "CCurl", crypto, logging, system]),
        module("Networking", ["Linux", "CLinux", "CNftables", logging, system]),
        module("CNI", ["Linux", "CLinux", system]),
        module("Launcher", ["RuntimeProtocol", "Cgroups", "OCI", "Linux", "CLinux", logging, system]),
        module("DockerAPI", ["OCI"]),
        // 5 engine
        module(
            "Engine",
            [
                "Storage", "Registry", "Launcher", "Networking", "CNI", "RuntimeProtocol", "Cgroups", "Seccomp",
                "GraphDrivers", "Archive",
                "Hashing",
                "DockerAPI", "OCI", "Linux", "CLinux", "Metrics",
            ] + [
                logging, system,
            ]
        ),
        module(
            "DriverServer",
            ["PluginProtocol", "HTTPClient", "HTTPServer", "GraphDrivers", "Archive", "Linux", logging, system]
        ),
        module(
            "DriverKit",
            ["DriverServer", "DriverChecks", "GraphDrivers", "Linux", arguments, logging, system]
        ),
        module(
            "DriverBench",
            ["GraphDrivers", "Archive", "Hashing", "HTTPClient", "OCI", "Linux", "CLinux", crypto, system]
        ),
        // 6 api
        module("HTTPServer", nio + [tls, "Linux", "Metrics", logging, system]),
        module(
            "APIServer",
            [
                "Engine", "Registry", "Storage", "DockerAPI", "HTTPServer", "OCI", "Archive", "Linux", "Metrics",
                logging, system,
            ]
        ),
        // 7 programs
        .executableTarget(
            name: "varved",
            dependencies: [
                "APIServer", "Engine", "DriverBench", "DriverKit", "DriverChecks", "GraphDrivers", "Storage",
                "Registry",
                "Launcher", "HTTPServer",
                "HTTPClient", "Networking", "CLinux",
                "DockerAPI", "Archive", "OCI", "Linux", "Metrics",
                arguments, logging, system,
            ] + drivers.map { .target(name: "\($0.key)Driver") },
            exclude: ["systemd"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "varve",
            dependencies: ["HTTPClient", "DockerAPI", "OCI", "Linux", "CLinux", arguments, system],
            swiftSettings: strict,
            linkerSettings: whole
        ),
        .executableTarget(
            name: "varve-runtime",
            dependencies: ["RuntimeProtocol", "Cgroups", "Seccomp", "OCI", "Linux", "CLinux", "CCap", "CZlib", system],
            swiftSettings: strict,
            linkerSettings: whole
        ),
        // tests
        tests("Linux", ["CLinux", system]),
        tests("Seccomp", ["OCI", "Linux", system]),
        tests("Cgroups", ["OCI", "Linux", system]),
        tests("Networking", ["Linux", system]),
        tests("CNI", ["Linux", system]),
        tests("DriverBench", ["GraphDrivers", "Archive", "Linux", "VFSDriver", system]),
        tests("OCI"),
        tests("Archive", ["CArchive", "Linux", system]),
        tests("GraphDrivers", ["DriverChecks", "Archive", "Linux", "Overlay2Driver", "VFSDriver", system]),
        .executableTarget(
            name: "storage-exerciser",
            dependencies: [
                "Storage", "GraphDrivers", "Archive", "OCI", "Overlay2Driver", "VFSDriver", logging, system,
            ],
            path: "Tests/StorageExerciser",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "driver-figures",
            dependencies: ["GraphDrivers", "Archive", "Linux", "CLinux", "CDeviceMapper", system]
                + drivers.map { .target(name: "\($0.key)Driver") },
            path: "Tests/DriverFigures",
            swiftSettings: strict
        ),
        tests(
            "Storage",
            [
                "storage-exerciser", "GraphDrivers", "Archive", "Hashing", "OCI", "Linux", "Overlay2Driver",
                "VFSDriver", logging,
                system,
            ]
        ),
        tests("DockerAPI"),
        tests("Registry", ["OCI", "Linux", logging, system]),
        tests("Launcher", ["varve-runtime", "RuntimeProtocol", "OCI", "Linux", logging, system]),
        tests("Engine", ["Networking", "CNI", "Cgroups", "RuntimeProtocol", "DockerAPI", "OCI", "Linux", system]),
        tests("HTTPServer", ["HTTPClient", "Linux", "Metrics", logging, system]),
        tests("Metrics"),
    ] + drivers.flatMap { driver($0.key, $0.value) }
)
