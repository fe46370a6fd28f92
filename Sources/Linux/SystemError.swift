import Glibc
public import SystemPackage

/// A system call that failed: which call, on what, and why.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried, with its object: `mount overlay on /…/merged`.
    public let call: String
    /// Why the kernel refused.
    public let errno: Errno

    /// Describes `call`, refused for `errno`.
    public init(_ call: String, _ errno: Errno) {
        self.call = call
        self.errno = errno
    }

    /// `call: reason`, in the words of `strerror`.
    public var description: String { "\(call): \(errno)" }

    /// What was to be opened as a folder is none, or is not there; any other error does not tell.
    public var saysNoFolder: Bool {
        [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(errno)
    }
}

/// Runs a system call, again for as long as a signal interrupts it, and throws what `errno` says if it returns -1.
///
/// The only place in the project where `errno` is read.
@discardableResult
public func sys<I: FixedWidthInteger>(_ call: @autoclosure () -> String, _ body: () -> I) throws(SystemError) -> I {
    while true {
        let result = body()
        if result != -1 { return result }
        let errno = Errno(rawValue: Glibc.errno)
        if errno != .interrupted { throw SystemError(call(), errno) }
    }
}
