import DockerAPI
import Glibc

/// How large the terminal is; 0 by 0 without one.
func terminalSize(_ descriptor: CInt = STDOUT_FILENO) -> (rows: Int, columns: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return (0, 0) }
    return (Int(size.ws_row), Int(size.ws_col))
}

/// The terminal in raw mode: every key goes to the container. Put back by `restore`, on every way out.
struct RawTerminal {
    private let saved: termios

    /// Nil where standard input is no terminal.
    init?() {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        saved = settings
        cfmakeraw(&settings)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    func restore() {
        var settings = saved
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }
}

extension DetachKeys {
    /// What `--detach-keys` says.
    init(flag: String?) throws {
        do throws(Invalid) { try self.init(flag ?? "") } catch {
            throw Failure(message: "invalid detach keys: unknown key '\(error.key)'", status: 125)
        }
    }
}
