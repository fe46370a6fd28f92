import Glibc
import Linux
import SystemPackage
import Testing

@testable import HTTPClient
@testable import HTTPServer

@Suite struct ConnectTests {
    @Test("a listener that takes no connections any more is given up, though its queue never empties")
    func fullQueue() throws {
        let folder = try AtomicFolder(in: "/var/tmp", prefix: "connect-")
        defer { try? folder.cancel() }
        let path = folder.path.appending("s").string
        let (_, listener) = try SocketFile.listen(path: path, mode: 0o600)
        defer { try? listener.close() }
        #expect(listen(listener.rawValue, 0) == 0)
        var waiting: [Stream] = []
        let failure = #expect(throws: ClientError.self) { for _ in 0..<8 { waiting.append(try Stream(path: path)) } }
        guard case .unreachable(_, .wouldBlock)? = failure else {
            return #expect(Bool(false), "\(String(describing: failure))")
        }
        #expect(!waiting.isEmpty)
    }
}
