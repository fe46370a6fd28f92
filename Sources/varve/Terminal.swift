import DockerAPI
import Glibc

/// How large the terminal is; 0 by 0 without one.
func terminalSize(_ descriptor: CInt = STDOUT_FILENO) -> (rows: Int, columns: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return (0, 0) }
    return (Int(size.ws_row), Int(size.ws_col))
}

extension DetachKeys {
    /// What `--detach-keys` says.
    init(flag: String?) throws {
        do throws(Invalid) { try self.init(flag ?? "") } catch {
            throw Failure(message: "invalid detach keys: unknown key '\(error.key)'", status: 125)
        }
    }
}
