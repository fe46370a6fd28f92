import Archive
import Glibc
import Linux

/// Tells how two layer tars differ. Drivers in this process write the same bytes; another program may write the same
/// header in its own way.
func expectSameTar(_ found: [UInt8], _ wanted: [UInt8], toTheByte: Bool) throws {
    if found == wanted { return }
    try expectEqual(members(found), members(wanted), "members of the tar")
    try expectEqual(headers(found), headers(wanted), "owners, times and attributes in the tar")
    if toTheByte {
        let place = zip(found, wanted).prefix { $0 == $1 }.count
        throw Broken(description: "the tars say the same, but differ in byte \(place) of \(found.count)")
    }
}

/// What is in a tar, one line a member.
func members(_ tar: [UInt8]) throws -> [String] {
    var limits = ArchiveLimits()
    limits.nameLength = 1 << 20
    let reader = try TarReader(BufferSource(tar), limits: limits)
    var all: [String] = []
    while let member = try reader.next() {
        let content = try reader.payload.readAll(limit: 1 << 30).hashValue
        let link = member.target.isEmpty ? "" : " to \(member.target)"
        let mode = String(member.mode, radix: 8)
        all.append("\(member.kind) \(member.name)\(link), mode \(mode), \(member.size) bytes, content \(content)")
    }
    return all
}

/// What the headers in a layer's tar tell besides that, one line a path.
private func headers(_ tar: [UInt8]) throws -> [String] {
    var limits = ArchiveLimits()
    limits.nameLength = 1 << 20
    let tree = try LayerTree(BufferSource(tar), isFirst: false, limits: limits) { _, next in
        while try next() != nil {}
    }
    var lines: [String] = []
    func add(_ folder: LayerNode, _ path: String) {
        // A whiteout, which the tree has as this device, has a name and no more: `members` tells it.
        for (name, node) in folder.children where node.type != S_IFCHR || node.device != 0 {
            let inside = "\(path)/\(String(decoding: name, as: UTF8.self))"
            let attributes = node.attributes.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
            let time = "\(node.modified.seconds) s \(node.modified.nanoseconds) ns"
            lines.append("\(inside): owner \(node.user):\(node.group), \(time), device \(node.device), \(attributes)")
            add(node, inside)
        }
    }
    add(tree.root, "")
    return lines.sorted()
}
