import Glibc
import Linux
import SystemPackage

/// Debian packages, made again of the files that this host has of them: nothing is fetched.
enum Packages {
    private static let wanted = [
        "coreutils", "perl-base", "util-linux", "bash", "tar", "findutils", "grep", "sed", "gzip", "diffutils",
    ]

    /// The first of them that are installed here.
    static func some(_ count: Int) -> [String] {
        Array(wanted.filter { exists(FilePath("/var/lib/dpkg/info").appending("\($0).list")) }.prefix(count))
    }

    /// A root with dpkg's database, empty, and the packages in `debs`.
    static func makeRoot(_ root: FilePath, count: Int) throws {
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "debs"] {
            try makeFolders(root.appending(folder), mode: FilePermissions(rawValue: 0o755))
        }
        for file in ["status", "available"] {
            try writeFile([], to: root.appending("var/lib/dpkg/\(file)"), mode: FilePermissions(rawValue: 0o644))
        }
        for package in some(count) { try make(package, in: root.appending("debs")) }
    }

    private static func make(_ name: String, in folder: FilePath) throws {
        let tree = try AtomicFolder(in: folder.removingLastComponent(), prefix: "package-")
        defer { try? tree.cancel() }
        try sys("set the mode of \(tree.path)") { chmod(tree.path.string, 0o755) }
        let control =
            "Package: bench-\(name)\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: \(name)\n"
        try makeFolders(tree.path.appending("DEBIAN"), mode: FilePermissions(rawValue: 0o755))
        try writeFile(Array(control.utf8), to: tree.path.appending("DEBIAN/control"), mode: .init(rawValue: 0o644))
        let list = try readFile(FilePath("/var/lib/dpkg/info").appending("\(name).list"))
        // Where /bin is a link to /usr/bin, dpkg's lists still say /bin.
        let names = String(decoding: list, as: UTF8.self).split(separator: "\n")
            .map { name in ["/bin", "/sbin", "/lib"].contains { name.hasPrefix($0) } ? "/usr\(name)" : String(name) }
            .filter { $0 != "/." && access($0, F_OK) == 0 }.joined(separator: "\0")
        let tar = folder.appending("\(name).tar")
        try Command.run(
            ["tar", "-cf", tar.string, "--no-recursion", "--null", "-P", "-T", "-"],
            input: Array(names.utf8)
        )
        try Command.run(["tar", "-xf", tar.string, "-C", tree.path.string])
        try sys("remove \(tar)") { unlink(tar.string) }
        let package = folder.appending("\(name).deb")
        try Command.run(["dpkg-deb", "-b", "--root-owner-group", "-Znone", tree.path.string, package.string])
    }
}
