import CLinux
import FoundationEssentials
import Glibc
import Linux

/// What a process that is being set up tells its monitor, one message each, on a SEQPACKET socket.
struct Report: Codable {
    /// All is ready; the process waits for a byte before it runs the program.
    var ready = false
    /// The tree is there, and the process waits for a byte: its starter's hooks come now.
    var awaitsHooks: Bool?
    /// A process was made, with this pid (exec only).
    var pid: Int32?
    var error: String?
    var exitCode: Int?
    var warnings: [String] = []

    /// Sends it, with a terminal's master where there is one.
    func send(to socket: CInt, descriptor: CInt = -1) throws {
        let bytes = Array(try JSONEncoder().encode(self))
        try sys("report to the monitor") { linux_send(socket, bytes, bytes.count, descriptor) }
    }

    /// Lets a process that reported itself ready run its program; throws if the kernel refuses that.
    static func letGo(_ socket: CInt) throws {
        var go: UInt8 = 1
        try sys("start the process") { write(socket, &go, 1) }
        if let (report, _) = try receive(from: socket), let error = report.error {
            throw StepError(error, exitCode: report.exitCode ?? 128)
        }
    }

    /// Waits for the next one; nil when the other side is gone: the program runs, or the process died.
    static func receive(from socket: CInt) throws -> (report: Report, descriptor: CInt)? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        var descriptor: CInt = -1
        let length = try sys("hear from the process") { linux_receive(socket, &buffer, buffer.count, &descriptor) }
        guard length > 0 else { return nil }
        return (try JSONDecoder().decode(Report.self, from: Data(buffer[..<length])), descriptor)
    }
}
