import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import Testing
import VFSDriver

/// The choice of a driver, on data roots of its own.
@Suite struct ChoiceTests {
    private let drivers = [DriverKind(Overlay2.self), DriverKind(VFS.self)]

    private func withRoot(_ body: (FilePath) throws -> Void) throws {
        let folder = try AtomicFolder(in: "/var/tmp", prefix: "choice-")
        defer { try? folder.cancel() }
        try body(folder.path)
    }

    private func choose(
        _ root: FilePath,
        requested: String? = nil,
        configured: String? = nil,
        _ environment: [String: String] = [:],
        _ options: [String] = []
    ) throws -> String {
        let driver = try DriverChoice.choose(
            from: drivers,
            dataRoot: root,
            requested: requested,
            configured: configured,
            environment: environment,
            options: DriverOptions(parsing: options)
        )
        return driver.name
    }

    @Test func takesTheFirstThatIsSupported() throws {
        try withRoot { root in try #expect(choose(root) == "overlay2") }
    }

    @Test func takesTheOneThatIsAskedFor() throws {
        try withRoot { root in
            try #expect(choose(root, requested: "vfs") == "vfs")
            try #expect(choose(root, configured: "vfs") == "vfs")
            try #expect(choose(root, ["DOCKER_DRIVER": "vfs"]) == "vfs")
            try #expect(choose(root, configured: "overlay2", ["DOCKER_DRIVER": "vfs"]) == "vfs")
            try #expect(choose(root, ["VARVE_DRIVER": "vfs", "DOCKER_DRIVER": "overlay2"]) == "vfs")
            try #expect(choose(root, requested: "overlay2", ["VARVE_DRIVER": "vfs"]) == "overlay2")
        }
    }

    @Test func goesOnWithTheDriverThatHasData() throws {
        try withRoot { root in
            try makeFolders(root.appending("overlay2/l"), mode: [.ownerReadWriteExecute])
            let only = try DriverChoice.choose(
                from: [DriverKind(VFS.self), DriverKind(Overlay2.self)],
                dataRoot: root,
                requested: nil,
                environment: [:],
                options: .init()
            )
            #expect(type(of: only).name == "overlay2")
        }
    }

    @Test func leavesVFSDataAlone() throws {
        try withRoot { root in
            try makeFolders(root.appending("vfs/dir/x"), mode: [.ownerReadWriteExecute])
            try #expect(choose(root) == "overlay2")
        }
    }

    @Test func refusesTwoDriversWithData() throws {
        try withRoot { root in
            for name in ["overlay2", "other"] {
                try makeFolders(root.appending("\(name)/x"), mode: [.ownerReadWriteExecute])
            }
            #expect(throws: ChoiceError.severalWithData(dataRoot: root.string, names: ["overlay2", "other"])) {
                try DriverChoice.choose(
                    from: [DriverKind(Overlay2.self), DriverKind(Other.self)],
                    dataRoot: root,
                    requested: nil,
                    environment: [:],
                    options: .init()
                )
            }
            let report = DriverChoice.examine(
                [DriverKind(Overlay2.self), DriverKind(Other.self)],
                dataRoot: root,
                requested: nil,
                environment: [:],
                options: .init()
            )
            #expect(report.chosen == nil)
            #expect(report.reason.contains("several valid graphdrivers: overlay2, other"))
        }
    }

    @Test func passesOverWhatThisHostCannotRun() throws {
        try withRoot { root in
            let drivers = [DriverKind(Other.self), DriverKind(VFS.self)]
            let chosen = try DriverChoice.choose(
                from: drivers,
                dataRoot: root,
                requested: nil,
                environment: [:],
                options: .init()
            )
            #expect(chosen.name == "vfs")
            #expect(throws: DriverError.self) {
                try DriverChoice.choose(
                    from: drivers,
                    dataRoot: root,
                    requested: "other",
                    environment: [:],
                    options: .init()
                )
            }
            let report = DriverChoice.examine(
                drivers,
                dataRoot: root,
                requested: nil,
                environment: [:],
                options: .init()
            )
            #expect(report.chosen == "vfs")
            #expect(report.candidates.map(\.isSupported) == [false, true])
            #expect(report.candidates[0].fact == "no such kernel")
            #expect(report.candidates[0].remedy == "build one")
        }
    }

    @Test func refusesNamesAndOptionsNobodyKnows() throws {
        try withRoot { root in
            #expect(throws: ChoiceError.unknown(name: "zfs", known: ["overlay2", "vfs"])) {
                try choose(root, requested: "zfs")
            }
            #expect(throws: DriverError.unknownOption(driver: "overlay2", key: "overlay2.colour")) {
                try choose(root, requested: "overlay2", [:], ["overlay2.colour=red"])
            }
            #expect(throws: OptionError.notAPair("size")) { try choose(root, [:], ["size"]) }
            #expect(throws: DriverError.self) { try choose(root, [:], ["overlay2.size=10G"]) }
        }
    }

    @Test func examiningLeavesNothing() throws {
        try withRoot { root in
            let report = DriverChoice.examine(
                drivers,
                dataRoot: root.appending("not/yet"),
                requested: nil,
                environment: [:],
                options: .init()
            )
            #expect(report.chosen == "overlay2")
            try #expect(listFolder(root) == [])
        }
    }

    private static let sizes: [(text: String, bytes: Int64)] = [
        ("512", 512), ("10k", 10240), ("1.5 KiB", 1536), ("2G", 2 << 30), ("1tb", 1 << 40), ("0", 0), ("7b", 7),
        ("10m", 10 << 20), ("10MB", 10 << 20), ("10MiB", 10 << 20), ("1.5k", 1536), ("1g", 1 << 30), ("2t", 2 << 40),
    ]

    @Test(arguments: sizes)
    func readsSizes(text: String, bytes: Int64) throws { try #expect(parseSize(text) == bytes) }

    @Test(arguments: ["", "x", "10 q", "-1", "1e3", "9999999p", "1.2.3", "m", "1x", "1.2.3k", "99999999999t"])
    func refusesWhatIsNoSize(_ text: String) { #expect(throws: OptionError.notASize(text)) { try parseSize(text) } }

    @Test func splitsOptionsAtTheFirstEqualsSign() throws {
        let options = try DriverOptions(parsing: [" a = b=c ", "d="])
        #expect(options == DriverOptions([("a", "b=c"), ("d", "")]))
    }
}

/// A driver that no host can run.
private struct Other: GraphDriver {
    static let name = "other"
    init(home: FilePath, options: DriverOptions) throws {
        throw DriverError.unsupported(driver: Self.name, reason: "no such kernel", remedy: "build one")
    }
    func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {}
    func remove(_ id: LayerID) throws {}
    func contains(_ id: LayerID) -> Bool { false }
    func open(_ id: LayerID) throws -> LayerView { .folder("/") }
}
