import CLinux
public import SystemPackage

/// The extended attribute `name` of what is at `path`; nil where it has none.
///
/// Links are not followed. The system call is `lgetxattr`.
public func extendedAttribute(_ name: String, at path: FilePath) throws(SystemError) -> [UInt8]? {
    var value = [UInt8](repeating: 0, count: 65_536)  // XATTR_SIZE_MAX
    do throws(SystemError) {
        let count = try sys("read \(name) of \(path)") {
            path.withPlatformString { linux_path_getxattr($0, name, &value, value.count) }
        }
        return Array(value[..<count])
    } catch {
        if error.errno == .noData { return nil }
        throw error
    }
}

/// Sets the extended attribute `name` of what is at `path`.
///
/// Links are not followed. The system call is `lsetxattr`.
public func setExtendedAttribute(_ name: String, _ value: [UInt8], at path: FilePath) throws(SystemError) {
    try sys("set \(name) of \(path)") {
        path.withPlatformString { linux_path_setxattr($0, name, value, value.count) }
    }
}
