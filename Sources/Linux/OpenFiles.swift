import CLinux
import Synchronization

/// How many files this process may have open at once.
public enum OpenFiles {
    private static let original = Mutex<(soft: UInt64, hard: UInt64)?>(nil)

    /// Raises the limit as far as it goes, for this process and what it starts.
    public static func raiseLimit() throws(SystemError) {
        var (soft, hard) = (UInt64(0), UInt64(0))
        try sys("read the limit of open files") { linux_get_open_files(&soft, &hard) }
        original.withLock { $0 = $0 ?? (soft, hard) }
        try sys("raise the limit of open files") { linux_set_open_files(0, hard, hard) }
    }

    /// How many this process may have open now.
    public static var limit: UInt64? {
        var (soft, hard) = (UInt64(0), UInt64(0))
        return linux_get_open_files(&soft, &hard) == 0 ? soft : nil
    }

    /// The limit that this process began with, as `soft:hard`: for programs that were not written for a higher one, and
    /// may go through all possible descriptors.
    public static var originalLimit: String? { original.withLock { $0.map { "\($0.soft):\($0.hard)" } } }

    /// Gives a program that was just started the limit that this process began with, where it was raised.
    static func restoreLimit(of pid: pid_t) throws(SystemError) {
        guard let limit = original.withLock({ $0 }) else { return }
        try sys("set the limit of open files") { linux_set_open_files(pid, limit.soft, limit.hard) }
    }

    /// Sets what another process has as its `originalLimit`; other text is ignored.
    public static func setLimit(_ text: String) throws(SystemError) {
        let numbers = text.split(separator: ":").compactMap { UInt64($0) }
        guard numbers.count == 2 else { return }
        try sys("set the limit of open files") { linux_set_open_files(0, numbers[0], numbers[1]) }
    }
}
