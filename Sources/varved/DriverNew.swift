import ArgumentParser
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// The command `varved driver new`.
struct DriverNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Write the skeleton of a new storage driver.",
        discussion: """
            It is a driver that works, each layer a copy of its parent, and passes all checks: change it from there, and
            check again. docs/writing-a-driver.md says how. Without --in-tree it is a Swift package of its own, whose
            program serves the driver to varved and dockerd as a plug-in.

            Examples:
              varve driver new zfs                  a package in ./zfs
              varve driver new zfs --in-tree        Plugins/Zfs, built into varved
            """
    )

    @Argument(help: "What users will type after --storage-driver: small letters, digits and -.")
    var name: String

    @Option(help: "The folder to write (default: ./NAME).")
    var path: String?

    @Option(help: "Varve's sources, a folder or a URL (default: those that this program was built from).")
    var varve: String?

    @Flag(help: "Write it into Varve's own sources.")
    var inTree = false

    func validate() throws {
        let letters = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard letters, let first = name.utf8.first, (97...122).contains(first), name.utf8.count <= 32 else {
            throw ValidationError(
                "'\(name)' can't be a driver's name: take up to 32 small letters, digits and -, a letter first"
            )
        }
        if drivers.contains(where: { $0.name == name }) { throw ValidationError("there is a driver '\(name)' already") }
        if inTree, path != nil { throw ValidationError("--in-tree has its place: Plugins/; leave out --path") }
    }

    func run() throws {
        let skeleton = DriverSkeleton(name: name)
        if inTree { return try writeInTree(skeleton) }
        let folder = try path.map { try Settings.absolute($0, "path") } ?? Host.workingFolder().appending(name)
        try write(skeleton.package(varve: try sources()), to: folder)
        print(
            """
            \(folder) is a driver that works. Build it and hold it to its promises:

                cd \(folder)
                swift build && sudo .build/debug/\(name) check
            """
        )
    }

    /// Varve's sources, as a package is told of them.
    private func sources() throws -> String {
        if let varve, varve.contains("://") { return "url: \"\(varve)\", branch: \"main\"" }
        return "name: \"varve\", path: \"\(try tree())\""
    }

    private func tree() throws -> FilePath {
        let tree = try varve.map { try Settings.absolute($0, "varve") } ?? Self.built
        guard exists(tree.appending("Sources/GraphDrivers")) else {
            throw ValidationError("Varve's sources are not in \(tree): say where they are with --varve")
        }
        return tree
    }

    private static var built: FilePath {
        FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
    }

    private func writeInTree(_ skeleton: DriverSkeleton) throws {
        let tree = try tree()
        let edits = try DriverEntry.allCases.map { try $0.edit(tree, skeleton) }
        try write(skeleton.inTree, to: tree.appending("Plugins/\(skeleton.type)"))
        for (file, text) in edits { try writeAtomically(Array(text.utf8), to: file, mode: Self.readable, flush: false) }
        print(
            """
            Plugins/\(skeleton.type) is a driver that works, and Package.swift and Sources/varved/Drivers.swift name it:

                cd \(tree)
                swift build && sudo .build/debug/varved driver check --driver \(name)
            """
        )
    }

    private static let readable = FilePermissions(rawValue: 0o644)

    private func write(_ files: [(path: String, text: String)], to folder: FilePath) throws {
        guard !exists(folder) else {
            throw ValidationError("\(folder) is there already: remove it, or choose another place")
        }
        do {
            for file in files {
                let path = folder.pushing(FilePath(file.path))
                try makeFolders(path.removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
                try writeAtomically(Array(file.text.utf8), to: path, mode: Self.readable, flush: false)
            }
        } catch {
            try? removeTree(folder)  // the first error is the one to report
            throw error
        }
    }
}
