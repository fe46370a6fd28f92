import Glibc

/// Writes to standard output or error at once: nothing is kept back that an exit could lose.
func put(_ text: String, to descriptor: CInt = STDOUT_FILENO) {
    var text = text
    text.withUTF8 { put(UnsafeRawBufferPointer($0), to: descriptor) }
}

func put(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
    var rest = bytes
    while rest.count > 0 {
        let count = write(descriptor, rest.baseAddress, rest.count)
        // A closed pipe (`| head`) ends the command by SIGPIPE; whatever else fails here can be told to nobody.
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
}

func warn(_ text: String) { put(text + "\n", to: STDERR_FILENO) }

/// Does `body` for each name, as Docker does: says what failed, goes on, and fails at the end.
func each(_ names: [String], echo: Bool = true, _ body: (String) throws -> Void) throws {
    var failed = false
    for name in names {
        do {
            try body(name)
            if echo { put(name + "\n") }
        } catch let failure as Failure {
            warn(failure.message)
            failed = true
        }
    }
    if failed { throw Failure(message: "") }
}

/// Ends the program. (Inside a command, `exit` would be the argument parser's.)
func leave(_ status: Int32) -> Never { exit(status) }
