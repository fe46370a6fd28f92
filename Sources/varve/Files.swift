import Glibc
import HTTPClient
import Linux

/// Where an archive comes from: a file or standard input.
struct Source {
    private let descriptor: CInt

    init(path: String?, what: String) throws {
        guard let path else {
            guard isatty(STDIN_FILENO) == 0 else {
                throw Failure(
                    message: "varve \(what): requires an archive on standard input or a file (see varve \(what) --help)"
                )
            }
            descriptor = STDIN_FILENO
            return
        }
        do {
            descriptor = try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
        } catch {
            throw Failure(message: "varve \(what): \(error)")
        }
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try sys("read the archive") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
    }
}

/// Where an archive goes: a file, which appears when it is whole, or standard output.
struct Target {
    private let path: String?
    private let what: String

    init(path: String?, what: String) throws {
        self.path = path
        self.what = what
        if path == nil, isatty(STDOUT_FILENO) == 1 {
            throw Failure(message: "cowardly refusing to \(what) to a terminal. Use the -o flag or redirect")
        }
    }

    /// Writes the whole body.
    func take(_ response: ClientResponse) throws {
        guard let path else { return try copy(response, to: STDOUT_FILENO) }
        var status = stat()
        // A device or a pipe is written to as it is.
        let isFile = stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
        let written = isFile ? "\(path).part-\(getpid())" : path
        do {
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
            let descriptor = try sys("create \(written)") { open(written, flags, 0o600) }
            defer { close(descriptor) }
            try copy(response, to: descriptor)
            if isFile { try sys("rename \(written) to \(path)") { rename(written, path) } }
        } catch {
            if isFile { unlink(written) }
            if let error = error as? SystemError { throw Failure(message: "varve \(what): \(error)") }
            throw error
        }
    }

    private func copy(_ response: ClientResponse, to descriptor: CInt) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try response.read(into: buffer)
            if count == 0 { return }
            var written = 0
            while written < count {
                written += try sys("write the archive") {
                    write(descriptor, buffer.baseAddress?.advanced(by: written), count - written)
                }
            }
        }
    }
}
