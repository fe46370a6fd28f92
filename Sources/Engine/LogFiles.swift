import Glibc
import Linux
import SystemPackage

/// The files that a log lies in: `log`, before it `log.1`, `log.2`, …, or `log.1.gz`, ….
///
/// They are known by their inodes, since they are renamed meanwhile: to higher numbers only. One of them, whichever, may be
/// missing for a moment.
struct LogFiles: Sendable {
    let path: FilePath

    /// Those that there are, newest first.
    var numbers: [Int] { [0] + sequence(first: 1) { $0 + 1 }.prefix { isThere($0) || isThere($0 + 1) } }

    /// Nil where there is no such file. Of a file that is just being compressed there are both: the old one is whole.
    func open(_ number: Int) -> LogSource? {
        LogSource(name(number), isCompressed: false)
            ?? (number == 0 ? nil : LogSource(compressed(number), isCompressed: true))
    }

    func openOldest() -> LogSource? {
        while true {
            let number = numbers.last { isThere($0) } ?? 0
            let source = open(number)
            // A rotation in between would have made another one the oldest.
            if source == nil || !isThere(number + 1) { return source }
        }
    }

    /// Which one that is now; nil: it was deleted, or is being renamed at this moment.
    func number(of source: LogSource) -> Int? {
        // From the newest on, one look at each: it moves the same way, so it can't be missed.
        var number = 0
        while true {
            if isAt(number, source) { return number }
            number += 1
            guard isThere(number) || isThere(number + 1) else { return nil }
        }
    }

    private func isAt(_ number: Int, _ source: LogSource) -> Bool {
        if inode(of: name(number)) == source.inode { return true }
        guard number > 0, let file = LogSource(compressed(number), isCompressed: true) else { return false }
        // Older files may have been that inode as well: it was another one's before this one had it.
        return file.inode == source.inode || file.origin == source.inode
    }

    func isThere(_ number: Int) -> Bool {
        exists(name(number)) || number > 0 && exists(compressed(number))
    }

    private func name(_ number: Int) -> FilePath { number == 0 ? path : FilePath("\(path).\(number)") }
    private func compressed(_ number: Int) -> FilePath { FilePath("\(path).\(number).gz") }

    private func inode(of path: FilePath) -> ino_t? {
        var status = stat()
        return stat(path.string, &status) == 0 ? status.st_ino : nil
    }
}
