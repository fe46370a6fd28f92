import Archive
import Linux
package import SystemPackage

/// An image to measure with.
enum Recipe: Hashable, Sendable {
    /// Many small files of 512 bytes, a hundred a folder: `small/d7/f42`.
    case manySmall
    /// Few files of 4 MiB: `large/f3`.
    case fewLarge
    /// So many layers: `bottom/f…`, 200 files, in the lowest; `shared/f…`, 256 files, spread over all.
    case stack(Int)
    /// So many files of that size: `sized/f…`.
    case sized(bytes: Int, count: Int)
    /// Folders for programs to work in, with what `Programs` puts there.
    case tree(FilePath)
    /// The one that was given.
    case given
}

/// Layer tars, made once for all targets.
package final class Tars {
    /// Where they are, and what they are made of.
    let folder: FilePath
    private let given: [FilePath]
    private var made: [Recipe: [FilePath]] = [:]
    private var count = 0
    /// What is made up here is no attack.
    static let limits = ArchiveLimits()

    /// Keeps them in `folder`; `image` is one that somebody gave, as a file of docker save.
    package init(folder: FilePath, image: FilePath?) throws {
        self.folder = folder
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        given = try image.map { try GivenImage.layers(of: $0, below: folder) } ?? []
    }

    /// The layers of an image, the lowest first.
    func layers(of recipe: Recipe, _ scale: Scale) throws -> [FilePath] {
        if recipe == .given { return given }
        if let known = made[recipe] { return known }
        let tars = try make(recipe, scale)
        made[recipe] = tars
        return tars
    }

    /// Reads a tar.
    func open(_ tar: FilePath) throws -> any ByteSource {
        try Decompressor(FileSource(opening: tar), limits: Self.limits)
    }

    private func make(_ recipe: Recipe, _ scale: Scale) throws -> [FilePath] {
        switch recipe {
        case .manySmall:
            return [
                try tar { tar in
                    try tar.folder("small")
                    for file in 0..<scale.smallFiles {
                        if file % 100 == 0 { try tar.folder("small/d\(file / 100)") }
                        try tar.file(Self.smallName(file), Self.noise(512, file))
                    }
                }
            ]
        case .fewLarge:
            return [try tar { try Self.files($0, "large", count: scale.largeFiles, bytes: 4 << 20) }]
        case .sized(let bytes, let count):
            return [try tar { try Self.files($0, "sized", count: count, bytes: bytes) }]
        case .stack(let depth): return try (0..<depth).map { layer in try stack(layer, of: depth) }
        case .tree(let path):
            let file = next()
            let sink = try FileSink(creating: file)
            try writeLayer(changes: compareTrees(path, nil), of: path, to: sink)
            try sink.close()
            return [file]
        case .given: return given
        }
    }

    private func stack(_ layer: Int, of depth: Int) throws -> FilePath {
        try tar { tar in
            try tar.folder("shared")
            for file in stride(from: layer, to: 256, by: depth) {
                try tar.file("shared/f\(file)", Self.noise(100, file))
            }
            guard layer == 0 else { return }
            try Self.files(tar, "bottom", count: 200, bytes: 100)
        }
    }

    private static func files(_ tar: MadeTar, _ folder: String, count: Int, bytes: Int) throws {
        try tar.folder(folder)
        for file in 0..<count {
            let piece = noise(min(bytes, 1 << 20), file)
            try tar.file("\(folder)/f\(file)", size: Int64(bytes)) { _ in piece }
        }
    }

    /// The name of a small file in the image of many.
    static func smallName(_ file: Int) -> String { "small/d\(file / 100)/f\(file % 100)" }

    /// Bytes that no file system compresses or leaves out.
    static func noise(_ count: Int, _ seed: Int) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(seed) &+ 1)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }

    private func next() -> FilePath {
        count += 1
        return folder.appending("\(count).tar")
    }

    private func tar(_ fill: (MadeTar) throws -> Void) throws -> FilePath {
        let path = next()
        let sink = try FileSink(creating: path)
        let tar = try MadeTar(sink)
        try fill(tar)
        try tar.finish()
        try sink.close()
        return path
    }
}
