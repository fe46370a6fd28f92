import Glibc
import GraphDrivers
import Linux
import SystemPackage

// The layer's small files, and what each must hold.

extension Overlay2 {
    func folder(_ id: LayerID) -> FilePath { home.appending(id.description) }
    func asideNew(_ id: LayerID) -> FilePath { home.appending(".\(id).new") }
    func asideGone(_ id: LayerID) -> FilePath { home.appending(".\(id).gone") }

    /// Makes all of a new layer in `aside`, and its short name, which leads to where the layer will be.
    ///
    /// The project comes first, so that the kernel's `work` folders have it too; the limit last, so that what is made
    /// here does not count. No limit is ever without its folder: `discard` finds each.
    func fill(
        _ aside: FilePath,
        for id: LayerID,
        lower: String?,
        _ isWritable: Bool,
        _ limit: ProjectQuota.Limit?
    ) throws {
        do throws(SystemError) { try makeFolder(aside, 0o710) } catch {
            guard error.errno == .fileExists else { throw error }
            try discard(aside)  // a killed `create` left it
            try makeFolder(aside, 0o710)
        }
        try limit?.begin(aside)
        let mode = FilePermissions(rawValue: 0o644)
        let link = Self.randomLink()
        // The name is written down before it exists: `remove` finds every link that was made.
        try writeFile(Array(link.utf8), to: aside.appending("link"), mode: mode)
        if let lower {
            try makeFolder(aside.appending("work"), 0o700)
            try writeFile(Array(lower.utf8), to: aside.appending("lower"), mode: mode)
        }
        try makeLink(link, to: id)
        // The folder that makes a layer of it: `contains` asks for it, also where nothing is renamed in.
        let diff = aside.appending("diff")
        try makeFolder(diff, 0o755)
        if let lower, isWritable {
            try inheritOverlayRoot(diff, from: lower.split(separator: ":").map(String.init), in: home)
        }
        try limit?.set(aside)
    }

    /// Deletes limit and short name, then the folder: a cut leaves neither of them without a folder.
    func discard(_ aside: FilePath) throws {
        guard isFolder(aside) else { return }
        try sizes.end(aside)
        if let link = try? readLink(in: aside) { unlink(home.appending("l").appending(link).string) }
        try removeTree(aside)
    }

    /// What a child of `parent` has as `lower`: the parent's short name, then the parent's own parents.
    func lowerText(forChildOf parent: LayerID) throws -> String {
        guard contains(parent) else { throw DriverError.noSuchLayer(driver: Self.name, parent) }
        let above = try lowerLinks(of: parent) ?? []
        guard above.count < Self.depth else { throw DriverError.tooDeep(driver: Self.name, limit: Self.depth) }
        return (["l/" + (try readLink(in: folder(parent)))] + above).joined(separator: ":")
    }

    /// The short names of the layer's parents, the nearest first, as `l/…`; nil without a parent.
    func lowerLinks(of id: LayerID) throws -> [String]? {
        let path = folder(id).appending("lower")
        let bytes: [UInt8]
        do { bytes = try readFile(path, limit: 1 << 16) } catch let error as SystemError
            where error.errno == .noSuchFileOrDirectory
        { return nil }
        let links = String(decoding: bytes, as: UTF8.self).split(separator: ":").map(String.init)
        guard !links.isEmpty, links.allSatisfy({ $0.hasPrefix("l/") && Self.isLink($0.dropFirst(2)) }) else {
            throw DriverError.damaged(
                driver: Self.name,
                path,
                reason: "it must list l/<short name>; fetch the image again"
            )
        }
        return links
    }

    /// The short name of the layer in `layer`.
    func readLink(in layer: FilePath) throws -> String {
        let path = layer.appending("link")
        let text = String(decoding: try readFile(path, limit: 4096), as: UTF8.self)
        guard Self.isLink(text) else {
            throw DriverError.damaged(driver: Self.name, path, reason: "it must hold 26 letters; fetch the image again")
        }
        return text
    }

    /// The layer's `diff` folder that `l/…` leads to.
    func target(ofLink link: String) throws -> FilePath {
        let path = home.appending(link)
        var buffer = [CChar](repeating: 0, count: 512)
        let count = try sys("read the link \(path)") { readlink(path.string, &buffer, buffer.count) }
        let text = buffer[..<count].map { UInt8(bitPattern: $0) }
        let inside = FilePath(String(decoding: text, as: UTF8.self))
        return path.removingLastComponent().pushing(inside).lexicallyNormalized()
    }

    /// Makes the short names again that were lost with the power: `link` says what each layer's was.
    func restoreLinks() throws {
        let present = Set(try listFolder(home.appending("l")))
        for name in try listFolder(home) where name != "l" {
            guard let id = LayerID(name), let link = try? readLink(in: folder(id)) else { continue }
            if !present.contains(link) { try makeLink(link, to: id) }
        }
        try OverlaySupport.clean(home)
    }

    func makeLink(_ link: String, to id: LayerID) throws {
        let path = home.appending("l").appending(link)
        try sys("make the link \(path)") { symlink("../\(id)/diff", path.string) }
    }

    func touch(_ path: FilePath) throws {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        _ = OwnedDescriptor(try sys("create \(path)") { Glibc.open(path.string, flags, 0o600) })
    }

    /// 26 characters of the base32 alphabet (RFC 4648): 130 random bits.
    static func randomLink() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        // Twelve characters from each 64 bits: three system calls, not 26.
        let letters = (0..<3).flatMap { _ in
            let bits = UInt64.random(in: 0...UInt64.max)
            return (0..<12).map { alphabet[Int(bits >> UInt64($0 * 5) & 31)] }
        }
        return String(decoding: letters.prefix(26), as: UTF8.self)
    }

    static func isLink(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x41...0x5a).contains($0) || (0x32...0x37).contains($0) }
    }
}
