import Archive

/// Names the first member in which two layer tars differ.
func expectSameTar(_ found: [UInt8], _ wanted: [UInt8]) throws {
    if found == wanted { return }
    try expectEqual(members(found), members(wanted), "members of the tar")
    let place = zip(found, wanted).prefix { $0 == $1 }.count
    let name = headerName(found, before: place)
    throw Broken(
        description: "the tar's members are right, but an owner, time or attribute differs: byte \(place), \(name)"
    )
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

/// The name in the last header that begins before `place`: of a member, or of a PAX header before one.
private func headerName(_ tar: [UInt8], before place: Int) -> String {
    func text(_ range: Range<Int>) -> String { String(decoding: tar[range].prefix { $0 != 0 }, as: UTF8.self) }
    var (start, name) = (0, "the end")
    while start + 512 <= tar.count, start <= place {
        name = text(start..<start + 100)
        let size = Int(text(start + 124..<start + 135), radix: 8) ?? 0
        start += 512 + (size + 511) / 512 * 512
    }
    return name
}
