import CLinux
import Glibc
package import Linux
import Synchronization
package import SystemPackage

/// The network of a container, as long as one of its processes or somebody who has it open lives.
package struct NetworkNamespace: ~Copyable, Sendable {
    let descriptor: OwnedDescriptor

    /// That of the process.
    package init(of pid: Int32) throws(SystemError) {
        let path = "/proc/\(pid)/ns/net"
        descriptor = OwnedDescriptor(try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) })
    }

    /// Shows it at `place`, an empty file: it stays as long as that is mounted.
    package borrowing func show(at place: FilePath) throws(SystemError) {
        let own = "/proc/self/fd/\(descriptor.rawValue)"
        try sys("mount a network namespace on \(place)") { mount(own, place.string, nil, UInt(MS_BIND), nil) }
    }

    /// Whether it is this one that is shown at `place`, and not an earlier one.
    package borrowing func isShown(at place: FilePath) -> Bool {
        var (own, shown) = (stat(), stat())
        guard fstat(descriptor.rawValue, &own) == 0, stat(place.string, &shown) == 0 else { return false }
        return own.st_dev == shown.st_dev && own.st_ino == shown.st_ino
    }

    /// Runs `body` in it, on a thread of its own that ends with it: no other work ever finds itself there.
    package borrowing func inside<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
        let result = Outcome<T>()
        let number = descriptor.rawValue
        let thread = try OSThread {
            result.value.withLock { value in
                value = Result {
                    try sys("enter a network namespace") { linux_setns(number, CInt(LINUX_NEWNET)) }
                    return try body()
                }
            }
        }
        thread.join()
        guard let value = result.value.withLock({ $0 }) else {
            throw SystemError("enter a network namespace", Errno(rawValue: ESRCH))
        }
        return try value.get()
    }

    private final class Outcome<T: Sendable>: Sendable {
        let value = Mutex<Result<T, any Error>?>(nil)
    }
}
