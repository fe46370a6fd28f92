/// The files of a new driver: one that works, to be changed.
struct DriverSkeleton {
    let name: String
    /// `my-driver` is `MyDriver` in Swift.
    let type: String

    init(name: String) {
        self.name = name
        type = name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// A package of its own; `varve` is how it finds Varve's.
    func package(varve: String) -> [(path: String, text: String)] {
        [
            ("Package.swift", manifest(varve)),
            ("Sources/\(name)/Program.swift", program),
            ("Sources/\(name)/\(type).swift", driver(access: "")),
            ("README.md", packageReadme),
            (".gitignore", ".build\nPackage.resolved\n"),
        ]
    }

    /// A folder of Varve's Plugins.
    var inTree: [(path: String, text: String)] {
        [
            ("Sources/\(type).swift", driver(access: "public ")), ("Tests/\(type)Tests.swift", tests),
            ("README.md", "# \(name)\n\nEach layer is a copy of its parent's tree.\n"),
        ]
    }

    private func manifest(_ varve: String) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "\(name)",
            dependencies: [.package(\(varve))],
            targets: [
                .executableTarget(
                    name: "\(name)",
                    dependencies: [
                        .product(name: "GraphDrivers", package: "varve"), .product(name: "DriverServer", package: "varve"),
                    ]
                )
            ]
        )

        """
    }

    private var program: String {
        """
        import DriverKit

        @main struct Program: DriverProgram { typealias Driver = \(type) }

        """
    }

    private var tests: String {
        let imports = ["DriverChecks", "Testing", "\(type)Driver"].sorted().map { "import \($0)" }
        return """
            \(imports.joined(separator: "\n"))

            @Suite(.serialized) struct \(type)Tests {
                @Test("\(type) keeps its promise", arguments: Check.all)
                func keeps(_ check: Check) throws { try TestHost.run(check, on: \(type).self) }
            }

            """
    }

    private var packageReadme: String {
        """
        # \(name)

        A storage driver for varved and dockerd. Each layer is a copy of its parent's tree.

        ```sh
        swift build
        sudo .build/debug/\(name) check                      # on the file system of /var/tmp; --home says which
        sudo .build/debug/\(name) serve --socket /run/docker/plugins/\(name).sock &
        sudo varved --storage-driver \(name)
        ```

        """
    }
}
