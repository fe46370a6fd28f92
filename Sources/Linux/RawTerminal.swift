import Glibc

/// The terminal on standard input in raw mode: every key goes to who reads it. Put back by `restore`, on every way out.
public struct RawTerminal {
    private let saved: termios

    /// Nil where standard input is no terminal.
    public init?() {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        saved = settings
        cfmakeraw(&settings)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// As it was before.
    public func restore() {
        var settings = saved
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }
}
