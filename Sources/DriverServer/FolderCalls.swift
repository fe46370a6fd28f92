import Glibc
import Linux
import SystemPackage

extension FilePath {
    /// The path as the kernel names it: without links.
    func realPath() throws -> FilePath {
        guard let found = realpath(string, nil) else { throw SystemError("resolve \(self)", .noSuchFileOrDirectory) }
        defer { free(found) }
        return FilePath(platformString: found)
    }
}

/// Removes an empty folder.
func removeEmptyFolder(_ path: FilePath) throws(SystemError) {
    try sys("remove folder \(path)") { rmdir(path.string) }
}
