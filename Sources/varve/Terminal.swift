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

/// The keys that leave a container running: `ctrl-p,ctrl-q` or what `--detach-keys` says.
struct DetachKeys {
    private let keys: [UInt8]
    private var matched = 0

    init(_ text: String?) throws {
        keys = try (text ?? "ctrl-p,ctrl-q").split(separator: ",").map { key in
            if key.utf8.count == 1, let byte = key.utf8.first { return byte }
            let special: [Substring: UInt8] = [
                "ctrl-@": 0, "ctrl-[": 27, "ctrl-\\": 28, "ctrl-]": 29, "ctrl-^": 30, "ctrl-_": 31,
            ]
            if let byte = special[key] { return byte }
            guard key.hasPrefix("ctrl-"), let letter = key.dropFirst(5).utf8.first, key.utf8.count == 6,
                (97...122).contains(letter)
            else { throw Failure(message: "invalid detach keys: unknown key '\(key)'", status: 125) }
            return letter - 96
        }
    }

    /// What of `bytes` goes to the container; nil when the sequence is complete.
    mutating func filter(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !keys.isEmpty else { return Array(bytes) }
        var passed: [UInt8] = []
        for byte in bytes {
            if byte == keys[matched] {
                matched += 1
                if matched == keys.count { return nil }
            } else {
                passed += keys.prefix(matched)
                matched = byte == keys[0] ? 1 : 0
                if matched == 0 || keys.count == 1 { passed.append(byte) }
            }
        }
        return passed
    }
}
