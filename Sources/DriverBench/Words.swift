/// Numbers as people read them.
package enum Words {
    /// `4KiB`, `1MiB`.
    package static func size(_ bytes: Int) -> String {
        if bytes >= 1 << 30 { return "\(bytes >> 30)GiB" }
        if bytes >= 1 << 20 { return "\(bytes >> 20)MiB" }
        return bytes >= 1 << 10 ? "\(bytes >> 10)KiB" : "\(bytes)B"
    }
}
