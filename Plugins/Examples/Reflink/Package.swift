// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "reflink",
    dependencies: [.package(name: "varve", path: "../../..")],
    targets: [
        .executableTarget(
            name: "reflink",
            dependencies: [
                .product(name: "GraphDrivers", package: "varve"), .product(name: "DriverServer", package: "varve"),
            ]
        )
    ]
)
