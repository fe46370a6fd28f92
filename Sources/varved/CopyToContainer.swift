import Archive
import DockerAPI
import Glibc
import HTTPClient
import Linux
import Synchronization
import SystemPackage

/// `cp PATH CONTAINER:PATH`.
struct CopyToContainer {
    let daemon: CopyDaemon
    let name: String
    let takesUser: Bool

    /// Returns the bytes of the tar that went.
    func run(_ path: String, to target: String, followLink: Bool) throws -> Int {
        var target = CopyPath(text: target)
        var status = try daemon.status(name, target.text)
        if let link = status, link.isLink {
            target = CopyPath(text: link.linkTarget)
            status = try daemon.status(name, target.text)
        }
        if path == "-" {
            guard status?.isFolder ?? false else {
                throw CopyFailure("destination \"\(name):\(target.text)\" must be a directory")
            }
            return try send(to: target.text) { buffer in
                try sys("read standard input") { read(STDIN_FILENO, buffer.baseAddress, buffer.count) }
            }
        }
        let source = try Self.source(CopyPath(text: path), followLink)
        let place = try CopyTarget(
            target,
            isThere: status != nil,
            isFolder: status?.isFolder ?? false,
            from: source.base,
            isFolderCopied: source.file.isFolder
        )
        let tar = try TarStream(of: source.file, as: place.name)
        let count = try send(to: place.folder) { try tar.read(into: $0) }
        return count
    }

    private func send(
        to folder: String,
        _ next: @escaping (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws -> Int {
        var count = 0
        let body = ClientRequest.Body.stream(type: "application/x-tar") { buffer in
            let got = try next(buffer)
            count += got
            return got
        }
        let query = [("noOverwriteDirNonDir", "true"), ("copyUIDGID", takesUser ? "true" : "false")]
        _ = try daemon.ask("PUT", name, folder, query: query, body: body).readAll()
        return count
    }

    /// What is copied, and what it is called.
    private static func source(_ path: CopyPath, _ followLink: Bool) throws -> (file: ContainedFile, base: String) {
        let isWhole = followLink || path.saysFolder
        // The folder's links are followed in any case; the last name's only if that was asked for.
        let text = isWhole ? path.text : path.folder.isEmpty ? "." : path.folder
        guard let found = realpath(text, nil) else {
            throw CopyFailure("lstat \(path.text): no such file or directory")
        }
        defer { free(found) }
        let whole = String(cString: found) + (isWhole ? (path.saysContent ? "/." : "") : "/" + path.lastName)
        do throws(SystemError) {
            let file = try ContainedFile(whole, in: "/")
            if path.saysFolder, !file.isFolder { throw SystemError("open \(path.text)", .notDirectory) }
            return (file, path.base == "." && !path.saysContent ? file.base : path.base)
        } catch { throw CopyFailure("\(path.text): \(error.errno)") }
    }
}

/// A tar of files of this host that is made while it is read.
private final class TarStream {
    private let reading: OwnedDescriptor
    private let failure: Failure
    private let thread: OSThread

    private final class Failure: Sendable { let error = Mutex<(any Error)?>(nil) }

    init(of file: sending ContainedFile, as name: String) throws {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { pipe(&ends) }
        reading = OwnedDescriptor(ends[0])
        let (failure, writing, box) = (Failure(), ends[1], Box(file))
        self.failure = failure
        thread = try OSThread {
            do { try box.file.write(as: name, to: PipeSink(writing)) } catch { failure.error.withLock { $0 = error } }
            close(writing)
        }
    }

    /// One thread has it at a time.
    private final class Box: @unchecked Sendable {
        let file: ContainedFile
        init(_ file: ContainedFile) { self.file = file }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let descriptor = reading.rawValue
        let count = try sys("read the tar") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
        if count > 0 { return count }
        thread.join()
        if let error = failure.error.withLock({ $0 }) { throw error }
        return 0
    }
}

private final class PipeSink: ByteSink {
    private let descriptor: CInt
    init(_ descriptor: CInt) { self.descriptor = descriptor }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            done += try sys("write the tar") {
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
        }
    }
}
