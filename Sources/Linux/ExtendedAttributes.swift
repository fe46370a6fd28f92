import CLinux
import Glibc
import SystemPackage

/// One extended attribute (`man 7 xattr`): `user.x`, `security.capability`, `system.posix_acl_access`.
public struct ExtendedAttribute: Equatable, Sendable {
    /// The whole name, with its name space.
    public var key: String
    /// The value, often not text.
    public var value: [UInt8]

    /// Describes an attribute.
    public init(_ key: String, _ value: [UInt8]) {
        self.key = key
        self.value = value
    }
}

/// The extended attributes of `name` in the folder behind `folder` (an empty name: of the folder itself), no link
/// followed, sorted by key; none where the file system has none.
///
/// The system calls are `llistxattr` and `lgetxattr`.
public func extendedAttributes(
    of name: UnsafePointer<CChar>,
    in folder: CInt,
    _ object: @autoclosure () -> String
) throws(SystemError) -> [ExtendedAttribute] {
    var size = linux_list_xattrs(folder, name, nil, 0)
    guard size > 0 else { return [] }
    var list = [CChar](repeating: 0, count: size)
    size = try sys("list attributes of \(object())") { linux_list_xattrs(folder, name, &list, list.count) }
    var found: [ExtendedAttribute] = []
    for key in list[..<size].split(separator: 0) {
        let key = String(decoding: key.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if let value = try extendedAttribute(key, of: name, in: folder, object()) {
            found.append(ExtendedAttribute(key, value))
        }
    }
    return found.sorted { $0.key < $1.key }
}

/// One extended attribute, or nil where there is none of that name.
///
/// The system call is `lgetxattr`.
public func extendedAttribute(
    _ key: String,
    of name: UnsafePointer<CChar>,
    in folder: CInt,
    _ object: @autoclosure () -> String
) throws(SystemError) -> [UInt8]? {
    var value = [UInt8](repeating: 0, count: 256)
    do {
        var size = linux_get_xattr(folder, name, key, &value, value.count)
        if size == -1 {
            size = try sys("read \(key) of \(object())") { linux_get_xattr(folder, name, key, nil, 0) }
            value = [UInt8](repeating: 0, count: size)
            size = try sys("read \(key) of \(object())") { linux_get_xattr(folder, name, key, &value, value.count) }
        }
        return Array(value[..<size])
    } catch {
        if [.noData, .notSupported, .noSuchFileOrDirectory].contains(error.errno) { return nil }
        throw error
    }
}
