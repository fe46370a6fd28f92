import Linux
import SystemPackage
import Testing

@Suite("One process at a time")
struct FileLockTests {
    @Test("a lock is held by one, named to the others, and taken again when it was deleted")
    func oneHolder() throws {
        let folder = try AtomicFolder(in: "/var/tmp", prefix: "varve-lock-")
        defer { try? folder.cancel() }
        let path = folder.path.appending("lock")
        do {
            let lock = try FileLock(path)
            let error = #expect(throws: FileLock.Held.self) { _ = try FileLock(path) }
            #expect(error?.holder.hasPrefix("process ") == true)
            // Held until here.
            try lock.delete()
        }
        #expect(!exists(path))
        let again = try FileLock(path)
        #expect(exists(path))
        try again.delete()
    }
}
