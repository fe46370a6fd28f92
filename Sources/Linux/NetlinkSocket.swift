import CLinux
import Glibc
import SystemPackage

/// A way to the kernel's tables of links, addresses and routes, of the network namespace in which it was opened
/// (`man 7 rtnetlink`).
///
/// Not for two threads at once.
public struct NetlinkSocket: ~Copyable, Sendable {
    private let socket: OwnedDescriptor

    /// Opens one in the calling thread's network namespace.
    public init() throws(SystemError) {
        let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = try sys("open a netlink socket") { Glibc.socket(AF_NETLINK, kind, 0) }
        socket = OwnedDescriptor(descriptor)
    }

    /// Sends all the requests in one go and waits until the kernel has done each; throws the first refusal.
    ///
    /// Those after a refused one are done all the same.
    public func send(_ messages: [NetlinkMessage]) throws(SystemError) {
        var bytes: [UInt8] = []
        for (number, message) in messages.enumerated() {
            bytes += message.numbered(UInt32(number + 1), acknowledged: true)
        }
        try put(bytes, messages.first?.call ?? "")
        var left = messages.count
        var refusal: SystemError?
        while left > 0 {
            for answer in try receive(messages.first?.call ?? "") where answer.type == Int(LINUX_NLMSG_ERROR) {
                left -= 1
                let code = -Int32(bitPattern: answer.number(at: 0))
                guard code != 0, refusal == nil, answer.number >= 1, answer.number <= messages.count else { continue }
                refusal = SystemError(messages[Int(answer.number) - 1].call, Errno(rawValue: code))
            }
        }
        if let refusal { throw refusal }
    }

    /// All that the kernel lists for this request.
    public func list(_ message: NetlinkMessage) throws(SystemError) -> [NetlinkAnswer] {
        try put(message.numbered(1, acknowledged: false), message.call)
        var found: [NetlinkAnswer] = []
        while true {
            for answer in try receive(message.call) {
                switch answer.type {
                case Int(LINUX_NLMSG_DONE): return found
                case Int(LINUX_NLMSG_ERROR):
                    throw SystemError(message.call, Errno(rawValue: -Int32(bitPattern: answer.number(at: 0))))
                default: found.append(answer)
                }
            }
        }
    }

    private func put(_ bytes: [UInt8], _ call: String) throws(SystemError) {
        try sys(call) { Glibc.send(socket.rawValue, bytes, bytes.count, 0) }
    }

    private func receive(_ call: String) throws(SystemError) -> [NetlinkAnswer] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = try sys(call) { recv(socket.rawValue, &buffer, buffer.count, 0) }
        var answers: [NetlinkAnswer] = []
        var rest = buffer[..<count]
        while rest.count >= 16 {
            let header = Array(rest.prefix(16))
            let (length, type, number) = header.withUnsafeBytes {
                (
                    Int($0.loadUnaligned(fromByteOffset: 0, as: UInt32.self)),
                    Int($0.loadUnaligned(fromByteOffset: 4, as: UInt16.self)),
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
                )
            }
            guard length >= 16, length <= rest.count else { break }
            answers.append(
                NetlinkAnswer(type: type, number: number, body: Array(rest.dropFirst(16).prefix(length - 16)))
            )
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return answers
    }
}
