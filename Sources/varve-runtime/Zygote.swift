import CLinux
import FoundationEssentials
import Glibc
import Linux
import RuntimeProtocol

/// The process that every monitor is forked from: small, so that a fork costs little, and started from a sealed memory
/// file, so that nothing in a container can overwrite the program that enters it (CVE-2019-5736).
///
/// One monitor is always forked ahead and waits for its container: fork, and the copying of the pages that a first use
/// touches, cost a millisecond that then nobody waits for. The zygote lives as long as the daemon's end of `socket`;
/// monitors live on.
struct Zygote {
    let socket: CInt

    func run() -> Never {
        // Started from a memory file it would be called by that file's number.
        "varve-runtime".withCString { _ = linux_prctl(CInt(LINUX_PR_SET_NAME), UInt(bitPattern: $0), 0) }
        // Not to be traced or looked into by what runs in containers (CVE-2016-9962).
        _ = linux_prctl(CInt(LINUX_PR_SET_DUMPABLE), 0, 0)
        signal(SIGCHLD, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        WarmUp.run()
        while true {
            var taken: [CInt] = [-1, -1]
            guard pipe(&taken) == 0 else { exit(1) }
            if linux_clone(0, -1) == 0 {
                close(taken[0])
                wait(telling: taken[1])
            }
            close(taken[1])
            var byte: UInt8 = 0
            while read(taken[0], &byte, 1) < 0 && errno == EINTR {}
            close(taken[0])
            // The waiting monitor went without a container: the daemon's end is closed.
            if byte == 0 { exit(0) }
        }
    }

    /// In the monitor that was forked ahead: waits for a container, tells the zygote that the next monitor is needed.
    private func wait(telling zygote: CInt) -> Never {
        setsid()
        signal(SIGCHLD, SIG_DFL)
        WarmUp.run()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var control: CInt = -1
        var length = 0
        repeat { length = linux_receive(socket, &buffer, buffer.count, &control) } while length < 0 && errno == EINTR
        guard length > 0 else { _exit(0) }
        var byte: UInt8 = 1
        write(zygote, &byte, 1)
        close(zygote)
        close(socket)
        guard let message = try? JSONDecoder().decode(LaunchMessage.self, from: Data(buffer[..<length])) else {
            _exit(1)
        }
        Monitor(message, control: control).run()
    }
}
