import Glibc
import Linux
package import SystemPackage

/// What a folder's files hold of the host beside themselves: mounts, loop devices, and device-mapper devices on those.
package struct HostState: Equatable {
    /// In words, sorted.
    package let held: [String]

    package init(below folder: FilePath) throws {
        // The kernel names no symbolic links.
        let folder =
            realpath(folder.string, nil).map { real in
                defer { free(real) }
                return FilePath(platformString: real)
            } ?? folder
        var found = try MountInfo.all().filter { $0.target.starts(with: folder) }.map { "a \($0.type) at \($0.target)" }
        let loops = try Self.loops(below: folder)
        found += loops.map { "/dev/\($0.name) of \($0.file)" }
        found += try Self.mapped(on: Set(loops.map(\.name))).map { "/dev/\($0)" }
        held = found.sorted()
    }

    /// Waits until nothing is held any more: the kernel lets go of a device a little after its last user.
    package static func expectNothing(below folder: FilePath, _ when: String) throws {
        var held: [String] = []
        for _ in 0..<300 {
            held = try HostState(below: folder).held
            if held.isEmpty { return }
            usleep(10_000)
        }
        throw Broken(description: "\(when), this is still held: \(held.joined(separator: ", "))")
    }

    private static func loops(below folder: FilePath) throws -> [(name: String, file: String)] {
        try listFolder("/sys/block").filter { $0.hasPrefix("loop") }.compactMap { name in
            guard let bytes = try? readFile(FilePath("/sys/block/\(name)/loop/backing_file")) else { return nil }
            let file = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
            return FilePath(file).starts(with: folder) ? (name, file) : nil
        }
    }

    /// The `dm-…` devices that these devices, or others on them, carry.
    private static func mapped(on devices: Set<String>) throws -> Set<String> {
        var (found, next): (Set<String>, Set<String>) = ([], devices)
        while !next.isEmpty {
            next = Set(try next.flatMap { try listFolder(FilePath("/sys/block/\($0)/holders")) }).subtracting(found)
            found.formUnion(next)
        }
        return found
    }
}
