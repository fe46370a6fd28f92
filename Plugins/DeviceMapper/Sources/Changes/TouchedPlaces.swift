import Archive
import Glibc
import Linux
import SystemPackage

/// Places in a tree, noted by their paths.
struct TouchedPlaces {
    /// The tree's root.
    let root = Touched()
    /// The root's path, as the kernel writes it.
    private let base: [UInt8]

    /// For the tree whose root `folder` is.
    init(below folder: CInt) throws {
        let path = try Self.whole(folder)
        base = path == [0x2f] ? [] : path
    }

    /// The path of an open folder within the tree; nil where it is outside.
    func path(of folder: CInt) throws -> [FileName]? {
        let path = try Self.whole(folder)
        if path == base { return [] }
        guard path.starts(with: base), path[base.count] == 0x2f else { return nil }
        return path[(base.count + 1)...].split(separator: 0x2f).map { name in
            let text = name.map { CChar(bitPattern: $0) } + [0]
            return text.withUnsafeBufferPointer { buffer in
                guard let start = buffer.baseAddress else { fatalError("a file name without its NUL") }
                return FileName(start)
            }
        }
    }

    /// The note of the folder at `path`, made with those above it where there is none.
    func folder(at path: [FileName]) -> Touched {
        path.reduce(root) { Self.same($1, in: $0) }
    }

    /// The note of a file or folder that both trees have under `name`, made where there is none.
    static func same(_ name: FileName, in folder: Touched) -> Touched {
        if let found = folder.below[name] { return found }
        let made = Touched()
        made.isSame = true
        folder.below[name] = made
        return made
    }

    /// The kernel writes a path from the root of the mount on, where no folder shows it.
    private static func whole(_ folder: CInt) throws -> [UInt8] {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = try sys("read a folder's path") { readlink("/proc/self/fd/\(folder)", &text, text.count) }
        guard count < Int(PATH_MAX), text.first == 0x2f else { throw Unsuited("the path of a folder is too long") }
        return text[..<count].map { UInt8(bitPattern: $0) }
    }
}
