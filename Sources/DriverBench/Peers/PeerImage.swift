import Archive
import FoundationEssentials
import Glibc
import Hashing
import Linux
import OCI
import SystemPackage

/// The image that daemons are measured with: as an archive for `load`, and as a registry has it for `pull`.
///
/// Its layers are made up, or those of an image that somebody gave; the host's busybox lies on top of them, so that
/// there is something to run in any image.
final class PeerImage {
    /// The program in the image.
    static let busybox = "/varve-bench/busybox"

    /// The run's name: no other has it.
    let run: String
    /// The archive that `load` takes.
    let archive: FilePath
    /// What a registry serves.
    let manifest: [UInt8]
    /// What it serves by digest.
    private(set) var blobs: [String: FilePath] = [:]
    /// Bytes of its layers, as they are unpacked.
    private(set) var bytes: Int64 = 0

    var name: String { "\(PeerLeftovers.images)\(run):latest" }

    private struct Layer {
        let file: FilePath
        let size: Int64
        let difference: OCI.Digest
        let blob: Descriptor
    }

    private struct Config: Encodable {
        struct Settings: Encodable {
            let Cmd: [String]
            let Labels: [String: String]
        }
        struct Root: Encodable {
            let type = "layers"
            let diff_ids: [String]
        }

        let architecture: String
        let os = "linux"
        let created = "2026-01-01T00:00:00Z"
        let config: Settings
        let rootfs: Root
    }

    private struct Member: Encodable {
        let Config: String
        let RepoTags: [String]
        let Layers: [String]
    }

    /// Makes it in `folder`.
    init(_ tars: Tars, _ scale: Scale, in folder: FilePath) throws {
        run = String(UInt32.random(in: .min ... .max), radix: 16)
        archive = folder.appending("image.tar")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        let given = try tars.layers(of: .given, scale)
        var sources = given
        if given.isEmpty {
            for recipe in [Recipe.manySmall, .sized(bytes: 1 << 20, count: 32), .stack(5)] {
                sources += try tars.layers(of: recipe, scale)
            }
        }
        sources.append(try Self.programs(in: folder, withFolders: given.isEmpty))
        let layers = try sources.enumerated().map { try Self.layer(tars.open($1), folder.appending("layer-\($0)")) }
        let config = try Self.config(layers, run: run)
        let digest = OCI.Digest.of(config)
        let configFile = folder.appending("config.json")
        try writeAtomically(config, to: configFile, mode: FilePermissions(rawValue: 0o600), flush: false)
        let described = Descriptor(mediaType: MediaType.dockerConfig, digest: digest, size: Int64(config.count))
        manifest = Array(
            try JSONEncoder().encode(
                Manifest(mediaType: MediaType.dockerManifest, config: described, layers: layers.map(\.blob))
            )
        )
        blobs["\(digest)"] = configFile
        for (number, layer) in layers.enumerated() {
            blobs["\(layer.blob.digest)"] = folder.appending("layer-\(number).gz")
            bytes += layer.size
        }
        try write(layers, config, named: "\(digest.hex).json")
    }

    /// Why there is no image on this host; nil: there is.
    static var missing: String? {
        guard let path = Command.find("busybox") else { return "busybox is not installed (\(package))" }
        return (try? isStatic(path)) == true ? nil : "\(path) needs libraries, which images have not (\(package))"
    }

    private static let package = "Debian: apt-get install busybox-static"

    /// Whether an ELF program names no loader (man 5 elf).
    private static func isStatic(_ path: FilePath) throws -> Bool {
        let program = try FileSource(opening: path).readAll(limit: 64 << 20)
        let header = program.prefix(64)
        guard header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2]), header.count == 64 else { return false }
        func number(_ offset: Int, _ size: Int) -> Int {
            guard offset + size <= program.count else { return 0 }
            return program[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let (first, size, count) = (number(32, 4), number(54, 2), number(56, 2))
        return !(0..<count).contains { number(first + $0 * size, 4) == PT_INTERP }
    }

    /// The layer with busybox.
    private static func programs(in folder: FilePath, withFolders: Bool) throws -> FilePath {
        let path = folder.appending("programs.tar")
        guard let busybox = Command.find("busybox") else {
            throw SystemError("look for busybox", .noSuchFileOrDirectory)
        }
        let sink = try FileSink(creating: path)
        let tar = try MadeTar(sink)
        if withFolders { for name in ["dev", "etc", "proc", "sys", "tmp"] { try tar.folder(name) } }
        try tar.folder("varve-bench")
        let program = try FileSource(opening: busybox).readAll(limit: 64 << 20)
        try tar.file(String(Self.busybox.dropFirst()), program, isProgram: true)
        try tar.finish()
        try sink.close()
        return path
    }

    /// Writes a layer plainly to `file`, and compressed beside it.
    private static func layer(_ source: any ByteSource, _ file: FilePath) throws -> Layer {
        let plain = try FileSink(creating: file)
        let hashed = HashingSource(source)
        try hashed.copy(to: plain)
        try plain.close()
        let compressed = try FileSink(creating: FilePath(file.string + ".gz"))
        let blob = HashingSink(compressed)
        let gzip = GzipSink(blob)
        try FileSource(opening: file).copy(to: gzip)
        try gzip.finish()
        try compressed.close()
        return Layer(
            file: file,
            size: hashed.count,
            difference: hashed.digest,
            blob: Descriptor(mediaType: MediaType.dockerLayer, digest: blob.digest, size: blob.count)
        )
    }

    private static func config(_ layers: [Layer], run: String) throws -> [UInt8] {
        let config = Config(
            architecture: Platform.host.architecture,
            config: .init(Cmd: [busybox, "true"], Labels: [PeerLeftovers.label: run]),
            rootfs: .init(diff_ids: layers.map { "\($0.difference)" })
        )
        return Array(try JSONEncoder().encode(config))
    }

    /// The archive, as `docker save` writes it.
    private func write(_ layers: [Layer], _ config: [UInt8], named: String) throws {
        let sink = try FileSink(creating: archive)
        let tar = try MadeTar(sink)
        for layer in layers {
            let source = try FileSource(opening: layer.file)
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            var failure: (any Error)?
            try tar.file(Self.member(layer), size: layer.size) { _ in
                do {
                    let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
                    if count > 0 { return Array(buffer[..<count]) }
                    throw SystemError("read \(layer.file)", .ioError)
                } catch {
                    // It must get its bytes; the archive is not used.
                    failure = error
                    return buffer
                }
            }
            if let failure { throw failure }
        }
        try tar.file(named, config)
        let member = Member(Config: named, RepoTags: [name], Layers: layers.map(Self.member))
        try tar.file("manifest.json", Array(JSONEncoder().encode([member])))
        try tar.finish()
        try sink.close()
    }

    private static func member(_ layer: Layer) -> String { "\(layer.difference.hex)/layer.tar" }
}
