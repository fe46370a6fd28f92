import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// Programs that people run in containers, on the tree of one.
enum Programs {
    static func workloads(_ scale: Scale) -> [Workload] { [sqlite(), git(scale), compile(scale), dpkg(scale)] }

    private static func facts(_ id: String, _ title: String, _ standsFor: String, _ source: String) -> WorkloadFacts {
        WorkloadFacts(id: id, title: title, group: .programs, standsFor: standsFor, source: source)
    }

    /// A container on an image of the tree that `make` fills, once for all targets.
    private static func image(_ name: String, _ stage: Stage, _ make: (FilePath) throws -> Void) throws -> LayerID? {
        let folder = stage.tars.folder.appending(name)
        if !isFolder(folder) {
            let aside = try AtomicFolder(in: stage.tars.folder, prefix: "made-")
            try sys("set the mode of \(aside.path)") { chmod(aside.path.string, 0o755) }
            try make(aside.path)
            try aside.commit(to: folder)
        }
        return try stage.image(.tree(folder))
    }

    // MARK: SQLite

    private static func sqlite() -> Workload {
        let facts = facts(
            "sqlite",
            "one transaction of SQLite",
            "programs with a database of their own",
            "product benchmarks of SQLite's speedtest kind; filebench oltp"
        )
        return Workload(facts, missing: Program.missing("sqlite3")) { stage in
            let rows = (0..<40).map { "INSERT INTO t VALUES(\($0), hex(randomblob(50)));" }
            let script = Array((["CREATE TABLE t(a, b);"] + rows).joined(separator: "\n").utf8)
            return .inContainer(on: try stage.image(.stack(1)), of: stage, operations: 41) { container in
                try Program.run(["sqlite3", "bench.db"], in: container.tree, input: script)
            }
        }
    }

    // MARK: git

    private static func git(_ scale: Scale) -> Workload {
        let files = scale.smallFiles / 2
        let facts = facts(
            "git",
            "check out a branch that changes half of \(files) files, and ask for the status",
            "continuous integration, development in containers",
            "HelloBench's language images; users' reports of slow git on AUFS and overlay"
        )
        return Workload(facts, weight: 1.5, missing: Program.missing("git")) { stage in
            let image = try image("git", stage) { try makeRepository($0, files: files) }
            return .inContainer(on: image, of: stage) { container in
                try git(["checkout", "-q", "other"], container.tree)
                try git(["status", "--porcelain"], container.tree)
            }
        }
    }

    private static func makeRepository(_ folder: FilePath, files: Int) throws {
        func write(_ seed: Int, _ numbers: StrideTo<Int>) throws {
            for file in numbers {
                let place = folder.appending("d\(file / 50)")
                if !isFolder(place) { try makeFolder(place, 0o755) }
                try writeFile(
                    Tars.noise(600, file + seed),
                    to: place.appending("f\(file)"),
                    mode: .init(rawValue: 0o644)
                )
            }
        }
        try git(["init", "-q", "-b", "main"], folder)
        try write(0, stride(from: 0, to: files, by: 1))
        try git(["add", "-A"], folder)
        try git(["commit", "-q", "-m", "one"], folder)
        try git(["checkout", "-q", "-b", "other"], folder)
        try write(1, stride(from: 0, to: files, by: 2))
        try git(["commit", "-q", "-a", "-m", "two"], folder)
        try git(["checkout", "-q", "main"], folder)
    }

    private static func git(_ words: [String], _ folder: FilePath) throws {
        let settings = ["safe.directory=*", "user.name=bench", "user.email=bench@localhost", "gc.auto=0"]
        try Program.run(["git"] + settings.flatMap { ["-c", $0] } + words, in: folder, mostOutput: 1 << 20)
    }

    // MARK: Compiling

    private static func compile(_ scale: Scale) -> Workload {
        let sources = scale.name == "quick" ? 4 : 20
        let facts = facts(
            "compile",
            "compile and link \(sources) files of C",
            "builds: mostly the processor's work, whatever the driver",
            "Tarasov et al. (Cluster Computing 2019): kernel compile; Phoronix's Docker runs"
        )
        return Workload(facts, weight: 1.2, missing: Program.missing("cc")) { stage in
            let image = try image("compile", stage) { folder in
                for number in 0..<sources {
                    let main = number == 0 ? "int main(void) { return 0; }" : ""
                    let text =
                        "#include <stdio.h>\n#include <stdlib.h>\nint f\(number)(int a) { return printf(\"%d\", a); }\n\(main)\n"
                    try writeFile(Array(text.utf8), to: folder.appending("s\(number).c"), mode: .init(rawValue: 0o644))
                }
            }
            let words = ["cc", "-o", "program"] + (0..<sources).map { "s\($0).c" }
            return .inContainer(on: image, of: stage) { try Program.run(words, in: $0.tree) }
        }
    }

    // MARK: Packages

    private static func dpkg(_ scale: Scale) -> Workload {
        let count = scale.name == "quick" ? 2 : 6
        let facts = facts(
            "dpkg",
            "install \(count) of this host's own packages",
            "RUN apt-get install in a build",
            "Slacker FAST'16; users' reports of slow builds (fsync of each file)"
        )
        let missing = Program.missing("dpkg-deb") ?? (Packages.some(count).isEmpty ? "this host has no packages" : nil)
        return Workload(facts, weight: 2, missing: missing) { stage in
            let image = try image("dpkg", stage) { try Packages.makeRoot($0, count: count) }
            return .inContainer(on: image, of: stage) { container in
                let names = try listFolder(container.tree.appending("debs")).map { "debs/\($0)" }
                try Program.run(
                    ["dpkg", "--root=\(container.tree)", "--force-bad-path", "--force-depends", "-i"] + names.sorted(),
                    in: container.tree
                )
            }
        }
    }
}
