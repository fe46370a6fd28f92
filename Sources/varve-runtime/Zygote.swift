import CLinux
import FoundationEssentials
import Glibc
import Linux
import RuntimeProtocol

/// The process that every monitor is forked from: small, so that a fork costs little, and started from a sealed memory
/// file, so that nothing in a container can overwrite the program that enters it (CVE-2019-5736).
///
/// It lives as long as the daemon's end of `socket`; monitors live on.
struct Zygote {
    let socket: CInt

    func run() -> Never {
        // Not to be traced or looked into by what runs in containers (CVE-2016-9962).
        _ = linux_prctl(CInt(LINUX_PR_SET_DUMPABLE), 0, 0)
        signal(SIGCHLD, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        warmUp()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            var control: CInt = -1
            let length = linux_receive(socket, &buffer, buffer.count, &control)
            if length < 0 && errno == EINTR { continue }
            guard length > 0 else { exit(0) }
            if linux_clone(0) == 0 { serve(Array(buffer[..<length]), control) }
            close(control)
        }
    }

    /// Reads one configuration, so that what the first use of the decoder sets up is shared by all monitors.
    private func warmUp() {
        let example = LaunchMessage(id: "", folder: "", rootFolder: nil, mounts: [])
        guard let data = try? JSONEncoder().encode(example) else { return }
        _ = try? JSONDecoder().decode(LaunchMessage.self, from: data)
    }

    private func serve(_ bytes: [UInt8], _ control: CInt) -> Never {
        close(socket)
        setsid()
        signal(SIGCHLD, SIG_DFL)
        guard let message = try? JSONDecoder().decode(LaunchMessage.self, from: Data(bytes)) else { _exit(1) }
        Monitor(message, control: control).run()
    }
}
