import CArchive
import Glibc

/// A point in time, to the nanosecond: `nanoseconds` after `seconds`, also before 1970.
struct Timestamp: Equatable {
    var seconds: Int64 = 0
    var nanoseconds = 0
}

// PAX writes half a second before 1969-12-31T23:59:59 as -1.5. libarchive takes and gives that as -1 and 0.5, the sign of
// the first for both; for the first second before 1970 it has none, so such a time loses its fraction.
extension Timestamp {
    /// The member's modification time.
    init(ofMember entry: OpaquePointer) {
        seconds = Int64(archive_entry_mtime(entry))
        nanoseconds = archive_entry_mtime_nsec(entry)
        guard Int64.min + 1 < seconds, seconds < 0, nanoseconds > 0 else { return }
        seconds -= 1
        nanoseconds = 1_000_000_000 - nanoseconds
    }

    /// Gives the time to a member that is to be written.
    func set(_ entry: OpaquePointer) {
        if seconds < -1, nanoseconds > 0 {
            archive_entry_set_mtime(entry, time_t(seconds + 1), 1_000_000_000 - nanoseconds)
        } else {
            archive_entry_set_mtime(entry, time_t(seconds), seconds < 0 ? 0 : nanoseconds)
        }
    }
}
