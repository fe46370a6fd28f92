/// What `X-Docker-Container-Path-Stat` says of a path in a container, as JSON in base64.
package struct PathStatus: Codable, Sendable, Equatable {
    /// The path's last name.
    @Lenient package var name: String = ""
    @Lenient package var size: Int64 = 0
    /// As Go's `FileMode` numbers it.
    @Lenient package var mode: Int64 = 0
    /// RFC 3339.
    @Lenient package var mtime: String = ""
    /// Where a link leads to, from the container's root.
    @Lenient package var linkTarget: String = ""

    package init() {}

    /// Go's `FileMode` of a mode of `man 7 inode`.
    package static func goMode(_ mode: UInt32) -> Int64 {
        let kinds: [UInt32: Int64] = [
            0o040000: 1 << 31, 0o120000: 1 << 27, 0o060000: 1 << 26, 0o020000: 1 << 26 | 1 << 21, 0o010000: 1 << 25,
            0o140000: 1 << 24,
        ]
        let bits: [(UInt32, Int64)] = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)]
        let special = bits.reduce(0) { mode & $1.0 == 0 ? $0 : $0 | $1.1 }
        return Int64(mode & 0o777) | special | (kinds[mode & 0o170000] ?? 0)
    }
}
