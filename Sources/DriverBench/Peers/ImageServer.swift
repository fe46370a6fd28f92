import Glibc
import Linux
import SystemPackage

/// A registry that has one image, for the daemons of this host: read-only, and on the loopback only.
///
/// A thread takes connections, and each has one of its own; they end with their connections, the last with this program.
final class ImageServer: Sendable {
    /// Seconds after which a connection that says nothing is closed.
    static let patience = 30

    private let socket: CInt
    private let port: UInt16
    private let thread: OSThread

    /// Begins to serve.
    init(_ image: PeerImage) throws {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let socket = try sys("make a socket") { Glibc.socket(AF_INET, type, 0) }
        do {
            port = try Self.listen(on: socket)
            let answers = ImageAnswers(image)
            thread = try OSThread { Self.take(socket, answers) }
        } catch {
            Glibc.close(socket)
            throw error
        }
        self.socket = socket
    }

    /// The image's name there, without its tag.
    func name(of image: PeerImage) -> String { "127.0.0.1:\(port)/\(PeerLeftovers.images)\(image.run)" }

    /// Takes no more connections.
    func close() {
        shutdown(socket, CInt(SHUT_RDWR))
        thread.join()
        Glibc.close(socket)
    }

    private static func listen(on socket: CInt) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try sys("bind 127.0.0.1") { bind(socket, address, size) }
                try sys("listen") { Glibc.listen(socket, 64) }
                try sys("look at the port") { getsockname(socket, address, &size) }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }

    private static func take(_ socket: CInt, _ answers: ImageAnswers) {
        while true {
            do {
                let connection = ServedConnection(try sys("take a connection") { accept(socket, nil, nil) })
                // Where no thread can be had the client sees its connection closed.
                (try? OSThread { connection.serve(answers) })?.detach()
            } catch {
                guard error.errno == .connectionAbort else { return }
            }
        }
    }
}
