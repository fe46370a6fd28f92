import Archive
import Glibc
import Linux
import SystemPackage

/// A client of the registry in this program: HTTP/1.1, one request after the other.
final class ServedConnection: Sendable {
    private let socket: OwnedDescriptor

    /// Takes over `socket`.
    init(_ socket: CInt) {
        self.socket = OwnedDescriptor(socket)
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        // A head and its body are two writes: the second would wait until the client has acknowledged the first.
        var one: CInt = 1
        setsockopt(socket, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        var time = timeval(tv_sec: ImageServer.patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Answers until the client goes, or says what is not understood.
    func serve(_ answers: ImageAnswers) {
        var waiting: [UInt8] = []
        while let head = head(&waiting) {
            let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
            guard words.count == 3, ["GET", "HEAD"].contains(words[0]) else { return }
            do { try send(answers.answer(to: words[1]), isHead: words[0] == "HEAD") } catch { return }
        }
    }

    /// The next request: GET and HEAD have no body.
    private func head(_ waiting: inout [UInt8]) -> String? {
        let end = Array("\r\n\r\n".utf8)
        var piece = [UInt8](repeating: 0, count: 4096)
        while waiting.count < 1 << 16 {
            if let found = waiting.indices.first(where: { waiting[$0...].starts(with: end) }) {
                defer { waiting.removeFirst(found + end.count) }
                return String(decoding: waiting[..<found], as: UTF8.self)
            }
            let count = recv(socket.rawValue, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            waiting += piece[..<count]
            // Daemons try TLS first, and would wait for an answer to their greeting.
            guard waiting.first == UInt8(ascii: "G") || waiting.first == UInt8(ascii: "H") else { return nil }
        }
        return nil
    }

    private func send(_ answer: ImageAnswers.Answer, isHead: Bool) throws {
        let source: (any ByteSource)?
        let size: Int64
        switch answer.content {
        case .bytes(let bytes): (source, size) = (nil, Int64(bytes.count))
        case .file(let path):
            source = try FileSource(opening: path)
            size = try fileSize(path)
        }
        var head = "HTTP/1.1 \(answer.status)\r\nDocker-Distribution-Api-Version: registry/2.0\r\n"
        head += "Content-Type: \(answer.type)\r\nContent-Length: \(size)\r\n"
        if let digest = answer.digest { head += "Docker-Content-Digest: \(digest)\r\n" }
        try Array((head + "\r\n").utf8).withUnsafeBytes(write)
        if isHead { return }
        if let source { try source.copy(to: self) }
        if case .bytes(let bytes) = answer.content { try bytes.withUnsafeBytes(write) }
    }

    private func fileSize(_ path: FilePath) throws -> Int64 {
        var status = Glibc.stat()
        try sys("look at \(path)") { lstat(path.string, &status) }
        return Int64(status.st_size)
    }
}

extension ServedConnection: ByteSink {
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let sent = try sys("send to a daemon") { Glibc.send(socket.rawValue, base, rest.count, CInt(MSG_NOSIGNAL)) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent))
        }
    }
}
