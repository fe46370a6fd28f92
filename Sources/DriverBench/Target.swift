package import GraphDrivers
package import SystemPackage

/// A driver to be measured, as somebody asked for it: `overlay2`, `btrfs=/mnt/b`, `vfs=loop:xfs,key=value`.
package struct Target: Sendable {
    /// Where its folder is to be.
    package enum Place: Sendable, Hashable, CustomStringConvertible {
        case folder(FilePath)
        /// A new file system of this type and size, in a file.
        case loop(type: String, bytes: Int64)

        package var description: String {
            switch self {
            case .folder(let path): path.string
            case .loop(let type, _): "loop:\(type)"
            }
        }
    }

    package let kind: DriverKind
    package let options: [String]
    package let place: Place

    /// What is wrong with how a target was written.
    package struct Mistake: Error, CustomStringConvertible {
        package let description: String
    }

    /// How much room a file system in a file has, if nobody says: it takes only what is written.
    package static let usualRoom: Int64 = 24 << 30

    package init(kind: DriverKind, options: [String] = [], place: Place) {
        (self.kind, self.options, self.place) = (kind, options, place)
    }

    /// Reads `NAME[=PLACE][,key=value…]`; `find` knows the drivers, `home` is the place if none is named.
    package init(parsing text: String, home: FilePath, find: (String) throws -> DriverKind) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let first = parts.first ?? ""
        let equals = first.firstIndex(of: "=")
        let name = String(first[..<(equals ?? first.endIndex)])
        kind = try find(name)
        options = Array(parts.dropFirst())
        _ = try DriverOptions(parsing: options)
        guard let equals else {
            place = .folder(home)
            return
        }
        place = try Self.place(String(first[first.index(after: equals)...]), in: text)
    }

    private static func place(_ text: String, in whole: String) throws -> Place {
        if text.hasPrefix("loop:") {
            let words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard words.count <= 3, FileSystemMaker.types.contains(words[1]) else {
                let known = FileSystemMaker.types.joined(separator: ", ")
                throw Mistake(description: "'\(whole)': write loop:TYPE or loop:TYPE:SIZE, with TYPE one of \(known)")
            }
            return .loop(type: words[1], bytes: words.count == 3 ? try parseSize(words[2]) : usualRoom)
        }
        guard text.hasPrefix("/") else {
            throw Mistake(description: "'\(whole)': '\(text)' is neither a folder's absolute path nor loop:TYPE")
        }
        return .folder(FilePath(text))
    }
}
