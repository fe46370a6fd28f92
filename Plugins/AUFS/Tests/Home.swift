import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import AUFSDriver

/// The unions of hosts without aufs.
let unions = ["overlayfs", "fuse-overlayfs"]

/// A home of its own, on disk: overlayfs's attributes need one.
final class Home {
    let folder: FilePath
    var path: FilePath { folder.appending("home") }

    init() throws {
        folder = FilePath("/var/tmp/varve-aufs-\(randomHex(bytes: 6))")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
    }

    deinit {
        // A test that failed has failed already.
        let mounted = (try? MountInfo.all().map(\.target).filter { $0.starts(with: folder) }) ?? []
        for place in mounted { try? unmountAll(place) }
        try? removeTree(folder)
    }

    /// The driver as a start of the daemon opens it.
    func driver(_ union: String) throws -> AUFS {
        try AUFS(home: path, options: DriverOptions([(key: "aufs.union", value: union)]))
    }

    /// Writes the branch of a layer as an engine with aufs leaves it, and its folders.
    func branch(_ name: String, over above: [String], _ files: [String: String]) throws {
        for area in ["layers", "mnt/\(name)", "diff/\(name)"] {
            try makeFolders(path.appending(area), mode: FilePermissions(rawValue: 0o755))
        }
        try put(above.map { $0 + "\n" }.joined(), at: "layers/\(name)")
        for (file, text) in files.sorted(by: { $0.key < $1.key }) { try put(text, at: "diff/\(name)/\(file)") }
    }

    func put(_ text: String, at name: String) throws {
        let file = path.appending(name)
        try makeFolders(file.removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
        try writeFile(Array(text.utf8), to: file, mode: FilePermissions(rawValue: 0o644))
    }

    /// The paths below a folder of the home, sorted; those of folders end in `/`, of devices 0:0 in `!`.
    func names(_ folder: String) throws -> [String] { try paths(below: path.appending(folder)) }
}

func paths(below root: FilePath) throws -> [String] {
    try listFolder(root).sorted().flatMap { name -> [String] in
        var status = stat()
        let path = root.appending(name)
        try sys("look at \(path)") { lstat(path.string, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return [name + "/"] + (try paths(below: path).map { "\(name)/\($0)" })
        case S_IFCHR: return [name + (status.st_rdev == 0 ? "!" : "")]
        default: return [name]
        }
    }
}

func layer(_ name: String) throws -> LayerID { try #require(LayerID(name)) }

extension FilePath {
    func put(_ name: String, _ text: String) throws {
        try writeFile(Array(text.utf8), to: appending(name), mode: FilePermissions(rawValue: 0o644))
    }
    func text(_ name: String) throws -> String { String(decoding: try readFile(appending(name)), as: UTF8.self) }
    func makeFolder(_ name: String) throws {
        try makeFolders(appending(name), mode: FilePermissions(rawValue: 0o755))
    }
}

extension AUFS {
    /// Makes a layer and fills it.
    @discardableResult
    func make(_ name: String, on parent: LayerID? = nil, _ fill: (FilePath) throws -> Void = { _ in }) throws -> LayerID
    {
        let id = try layer(name)
        try create(id, parent: parent, options: LayerOptions(isWritable: true))
        try withTree(of: id, fill)
        return id
    }

    /// A layer with files in a folder, and one above it that deleted one and put another folder in a folder's place.
    func makeTwo() throws -> (lower: LayerID, upper: LayerID) {
        let lower = try make("lower") { root in
            for name in ["d/f", "d/g", "e/f"] {
                try root.makeFolder(FilePath(name).removingLastComponent().string)
                try root.put(name, "old \(name)")
            }
        }
        return (lower, try make("upper", on: lower) { try Self.change($0) })
    }

    static func change(_ root: FilePath) throws {
        try removeTree(root.appending("d/f"))
        try root.put("d/g", "new")
        try removeTree(root.appending("e"))
        try root.makeFolder("e")
        try root.put("e/new", "new")
        try root.put("own", "new")
    }

    /// What `change` leaves to be seen.
    static let changed = ["d/", "d/g", "e/", "e/new", "own"]
}
