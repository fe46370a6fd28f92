import Glibc
import GraphDrivers
import Linux

/// What package managers, interpreters and build tools do all day: many small files, of the image and of the container.
enum SmallFiles {
    static func workloads(_ scale: Scale) -> [Workload] {
        [create(scale)]
            + [false, true].flatMap { isUpper in
                [
                    look("stat", isUpper, scale, "stat a small file") { names, root, _ in
                        var status = stat()
                        try names.each("look at a file") { fstatat(root, $0, &status, AT_SYMLINK_NOFOLLOW) }
                    },
                    look("read", isUpper, scale, "open, read and close a small file") { names, root, buffer in
                        try names.each("read a file") { readFile(root, $0, buffer) }
                    },
                    unlink(isUpper, scale),
                ]
            } + [coldRead(scale)]
    }

    private static let source =
        "docker-storage-benchmark (small files, file tree); fs_mark; HelloBench (6.4 % of data read)"

    private static func facts(_ id: String, _ title: String, _ group: WorkloadGroup, _ standsFor: String)
        -> WorkloadFacts
    {
        WorkloadFacts(id: id, title: title, group: group, standsFor: standsFor, source: source)
    }

    private static func create(_ scale: Scale) -> Workload {
        let facts = facts(
            "small/create",
            "make and write a small file",
            .writes,
            "unpacking, compiling, caching: files that the container makes"
        )
        return Workload(facts) { stage in
            let names = Names((0..<scale.smallFiles).map { "f\($0)" })
            return .inContainer(on: try stage.image(.stack(1)), of: stage, operations: names.count) { container in
                try names.each("make a file") { makeFile(container.root, $0) }
            }
        }
    }

    private static func place(_ isUpper: Bool) -> String { isUpper ? "of the container" : "of the image" }

    /// One container for all rounds: nothing is changed.
    private static func look(
        _ verb: String,
        _ isUpper: Bool,
        _ scale: Scale,
        _ title: String,
        _ body: @escaping @Sendable (Names, CInt, UnsafeMutableRawBufferPointer) throws -> Void
    ) -> Workload {
        let facts = facts(
            "small/\(verb)/\(isUpper ? "upper" : "lower")",
            "\(title) \(place(isUpper))",
            .reads,
            "starting an interpreter, searching a path, serving files"
        )
        return Workload(facts, weight: 0.7) { stage in
            let names = Names((0..<scale.smallFiles).map { isUpper ? "f\($0)" : Tars.smallName($0) })
            let image = try stage.image(isUpper ? .stack(1) : .manySmall)
            let container = try stage.container(on: image, writes: isUpper)
            if isUpper { try names.each("make a file") { makeFile(container.root, $0) } }
            try stage.settle()
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
            return Play(
                operations: names.count,
                timed: { try body(names, container.root, buffer) },
                end: {
                    buffer.deallocate()
                    try stage.remove(container)
                }
            )
        }
    }

    private static func unlink(_ isUpper: Bool, _ scale: Scale) -> Workload {
        let facts = facts(
            "small/unlink/\(isUpper ? "upper" : "lower")",
            "delete a small file \(place(isUpper))",
            .writes,
            "cleaning up; a file of the image needs a whiteout with drivers that unite folders"
        )
        return Workload(facts) { stage in
            let names = Names((0..<scale.smallFiles).map { isUpper ? "f\($0)" : Tars.smallName($0) })
            return .inContainer(
                on: try stage.image(isUpper ? .stack(1) : .manySmall),
                of: stage,
                operations: names.count,
                first: { if isUpper { try names.each("make a file") { [root = $0.root] in makeFile(root, $0) } } },
                { container in try names.each("delete a file") { unlinkat(container.root, $0, 0) } }
            )
        }
    }

    private static func coldRead(_ scale: Scale) -> Workload {
        let facts = facts(
            "small/read/cold",
            "open, read and close a small file of the image, nothing in memory",
            .reads,
            "the first start after a boot"
        )
        return Workload(facts, weight: 1.5, isCold: true) { stage in
            let names = Names((0..<scale.smallFiles).map(Tars.smallName))
            let image = try stage.image(.manySmall)
            let container = try stage.container(on: image, writes: false)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
            return Play(
                operations: names.count,
                timed: { try names.each("read a file") { readFile(container.root, $0, buffer) } },
                end: {
                    buffer.deallocate()
                    try stage.remove(container)
                }
            )
        }
    }
}

/// Opens, reads once and closes a file no larger than `buffer`; -1 where it can't.
private func readFile(_ root: CInt, _ name: UnsafePointer<CChar>, _ buffer: UnsafeMutableRawBufferPointer) -> CInt {
    let file = openat(root, name, O_RDONLY | O_CLOEXEC)
    if file < 0 { return -1 }
    let count = read(file, buffer.baseAddress, buffer.count)
    return close(file) == 0 && count >= 0 ? 0 : -1
}
