import CLinux

/// Runs `body` in a copy of this process that is killed just before its `nth` system call that may change something.
///
/// For testing what a crash leaves behind. Returns false if `body` ended before. Not for a daemon: of this process's
/// threads the copy has only the one that called.
package func runKilled(beforeCall nth: Int, _ body: () -> Void) throws(SystemError) -> Bool {
    try withoutActuallyEscaping(body) { body throws(SystemError) -> Bool in
        let box = Box(body: body)
        let killed = try sys("run code to be killed before its call \(nth)") {
            withExtendedLifetime(box) {
                let context = Unmanaged.passUnretained(box).toOpaque()
                return linux_run_killed(
                    { context in
                        guard let context else { return }
                        Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().body()
                    },
                    context,
                    nth
                )
            }
        }
        return killed == 1
    }
}

private final class Box {
    let body: () -> Void
    init(body: @escaping () -> Void) { self.body = body }
}
