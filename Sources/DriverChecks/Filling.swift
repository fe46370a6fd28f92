import CLinux
import Glibc
import Linux
import SystemPackage

// How much fits into a layer, found out by taking it.

extension Tree {
    /// Takes room with new files below the folder `name` until there is none, or it has `most`.
    ///
    /// - Returns: the bytes it got.
    ///
    /// Nearly all of it is set aside, not written: that is what makes large layers cheap.
    func fill(_ name: String, most: Int64) throws -> Int64 {
        try folder(name)
        var (taken, chunk) = (Int64(0), Int64(64 << 20))
        var number = 0
        while chunk >= 64 << 10, taken < most {
            number += 1
            if try take("\(name)/\(number)", min(chunk, most - taken)) {
                taken += min(chunk, most - taken)
            } else {
                chunk /= 2
            }
        }
        if taken < most { taken += try writeUntilFull("\(name)/written") }
        return taken
    }

    /// Sets room aside; false where there is not so much.
    private func take(_ name: String, _ size: Int64) throws -> Bool {
        do {
            let file = try open(name, O_WRONLY | O_CREAT)
            try sys("set room aside for \(name)") { linux_fallocate(file.rawValue, 0, 0, size) }
            return true
        } catch let error as SystemError {
            guard Self.isFull(error) else { throw error }
            unlink(path(name).string)  // it may not even have been made
            return false
        }
    }

    /// Writes bytes that no file system can leave out, and flushes them, until that fails for want of room.
    private func writeUntilFull(_ name: String) throws -> Int64 {
        var written: Int64 = 0
        do {
            let file = try open(name, O_WRONLY | O_CREAT)
            let block = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
            // What is left after setting aside is little.
            for _ in 0..<4096 {
                let count = try sys("write \(name)") { write(file.rawValue, block, block.count) }
                if count < block.count { return written }
                written += Int64(count)
            }
            try sys("flush \(name)") { fsync(file.rawValue) }
        } catch let error as SystemError {
            guard Self.isFull(error) else { throw error }
            return written
        }
        throw Broken(description: "after there was no room to set aside, \(written >> 20) MiB could still be written")
    }

    static func isFull(_ error: SystemError) -> Bool { [.noSpace, .diskQuotaExceeded].contains(error.errno) }
}
