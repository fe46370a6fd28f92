import Archive
import DockerAPI
import Glibc
import HTTPClient
import Linux
import SystemPackage

/// `cp CONTAINER:PATH PATH`.
struct CopyFromContainer {
    let daemon: CopyDaemon
    let name: String
    let keepsOwners: Bool

    /// Returns the bytes of the tar that came.
    func run(_ path: String, to target: String, followLink: Bool) throws -> Int {
        var (path, base) = (CopyPath(text: path), CopyPath(text: path).base)
        if followLink, let status = try daemon.status(name, path.text), status.isLink {
            path = CopyPath(text: status.linkTarget)
            if base == "." { base = path.base }
        }
        let response = try daemon.ask("GET", name, path.text)
        let source = ResponseSource(response)
        if target == "-" {
            try source.copy(to: STDOUT_FILENO)
            return source.count
        }
        let isFolder = try CopyDaemon.status(response).isFolder
        var status = stat()
        let isThere = stat(target, &status) == 0
        let place = try CopyTarget(
            CopyPath(text: target),
            isThere: isThere,
            isFolder: isThere && status.st_mode & S_IFMT == S_IFDIR,
            from: base,
            isFolderCopied: isFolder
        )
        try extractFiles(
            source,
            into: Self.absolute(place.folder),
            of: "/",
            owner: keepsOwners ? nil : (geteuid(), getegid()),
            keepsKinds: true,
            limits: ArchiveLimits(),
            renaming: path.base == place.name ? nil : (from: path.base, to: place.name)
        )
        return source.count
    }

    /// The folder without links and dots in its path, which must be there.
    private static func absolute(_ folder: String) throws -> String {
        guard let found = realpath(folder.isEmpty ? "." : folder, nil) else {
            throw CopyFailure("no such directory: \(folder)")
        }
        defer { free(found) }
        return String(cString: found)
    }
}

/// An answer's body, counted.
private final class ResponseSource: ByteSource {
    private let response: ClientResponse
    private(set) var count = 0

    init(_ response: ClientResponse) { self.response = response }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let got = try response.read(into: buffer)
        count += got
        return got
    }

    func copy(to descriptor: CInt) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        while case let count = try read(into: buffer), count > 0 {
            var done = 0
            while done < count {
                done += try sys("write the tar") {
                    write(descriptor, buffer.baseAddress?.advanced(by: done), count - done)
                }
            }
        }
    }
}
