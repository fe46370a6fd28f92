import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

/// What of a pool's metadata is read here, against Debian's programs for them; without these there is nothing to
/// compare.
@Suite(.enabled(if: Command.find("thin_restore") != nil)) struct ChangesMetadataTests {
    /// Which block of the pool is where.
    private typealias Mappings = [UInt64: UInt64]

    /// Makes metadata with these devices, and calls `body` with their file.
    private func withMetadata(_ devices: [Mappings], _ body: (FilePath) throws -> Void) throws {
        let scratch = try AtomicFolder(in: "/var/tmp", prefix: "metadata-")
        defer { try? scratch.cancel() }
        let (xml, file) = (scratch.path.appending("xml"), scratch.path.appending("metadata"))
        func lines(_ mappings: Mappings) -> String {
            mappings.sorted { $0.key < $1.key }.map {
                "<single_mapping origin_block=\"\($0.key)\" data_block=\"\($0.value)\" time=\"0\"/>\n"
            }.joined()
        }
        var text =
            "<superblock uuid=\"\" time=\"5\" transaction=\"1\" data_block_size=\"128\" nr_data_blocks=\"900000\">\n"
        for (index, mappings) in devices.enumerated() {
            text += "<device dev_id=\"\(index + 1)\" mapped_blocks=\"\(mappings.count)\" transaction=\"0\" "
            text += "creation_time=\"\(index)\" snap_time=\"\(index + 3)\">\n"
            text += lines(mappings) + "</device>\n"
        }
        try writeFile(Array((text + "</superblock>\n").utf8), to: xml, mode: .ownerReadWrite)
        try writeFile([UInt8](repeating: 0, count: 16 << 20), to: file, mode: .ownerReadWrite)
        try Command.run(["thin_restore", "-i", xml.string, "-o", file.string])
        try body(file)
    }

    private func expectSame(_ devices: [Mappings]) throws {
        try withMetadata(devices) { file in
            let metadata = try PoolMetadata(RawDevice(file), root: 0)
            let found = try metadata.differingBlocks(1, 2)
            #expect(try found == blocksByThinDelta(file, 1, 2))
            #expect(try found == metadata.differingBlocks(2, 1))
            #expect(try metadata.differingBlocks(1, 1) == [])
            #expect(try [metadata.details(of: 1).created, metadata.details(of: 2).created] == [0, 1])
            #expect(try [metadata.details(of: 1).snapshotted, metadata.details(of: 2).snapshotted] == [3, 4])
            #expect(throws: Unsuited.self) { try metadata.differingBlocks(1, 3) }
        }
    }

    private func straight(_ blocks: some Sequence<UInt64>, from first: UInt64 = 0) -> Mappings {
        Mappings(uniqueKeysWithValues: blocks.map { ($0, $0 + first) })
    }

    @Test("devices of all heights differ where thin_delta says")
    func heights() throws {
        let sizes: [UInt64] = [0, 1, 200, 40_000]
        for (one, other) in sizes.flatMap({ one in sizes.map { (one, $0) } }) {
            let changed = straight(0..<other).merging([other / 2: 300_000, other + 7: 300_001]) { $1 }
            try expectSame([straight(0..<one), changed])
        }
    }

    @Test("scattered blocks of a large device differ where thin_delta says")
    func scattered() throws {
        let one = straight(stride(from: 0, to: 120_000, by: 3))
        var other = one
        for block in stride(from: UInt64(0), to: 120_000, by: 999) { other[block] = block + 400_000 }
        for block in stride(from: UInt64(3), to: 120_000, by: 3003) { other[block] = nil }
        for block in stride(from: UInt64(1), to: 120_000, by: 2001) { other[block] = block + 500_000 }
        try expectSame([one, other])
    }

    @Test("damage is noticed, wherever it is")
    func damaged() throws {
        try withMetadata([straight(0..<2000), straight(1..<2001)]) { file in
            let writer = try FileDescriptor.open(file, .readWrite)
            defer { try? writer.close() }
            let device = try RawDevice(file)
            var noticed = 0
            for block in 0..<256 {
                let place = Int64(block * 4096 + 1000)
                var byte: [UInt8] = [0]
                _ = try byte.withUnsafeMutableBytes { try writer.read(fromAbsoluteOffset: place, into: $0) }
                try writer.writeAll(toAbsoluteOffset: place, [byte[0] ^ 1])
                do {
                    let metadata = try PoolMetadata(device, root: 0)
                    #expect(try metadata.differingBlocks(1, 2).count == 2, "block \(block)")
                } catch is Unsuited { noticed += 1 }
                try writer.writeAll(toAbsoluteOffset: place, byte)
            }
            // The superblock, the devices' tree, and the nodes of both devices.
            #expect(noticed >= 18)
        }
    }
}

/// The blocks in which two thin devices differ, as thin_delta finds them; `root` is that of reserved metadata.
func blocksByThinDelta(_ metadata: FilePath, _ one: UInt32, _ other: UInt32, root: UInt64? = nil) throws -> [UInt64] {
    let scratch = try AtomicFolder(in: "/var/tmp", prefix: "delta-")
    defer { try? scratch.cancel() }
    let output = scratch.path.appending("output")
    let snapshot = root.map { "--metadata-snap=\($0)" } ?? ""
    let command = "thin_delta \(snapshot) --thin1 \(one) --thin2 \(other) \(metadata) >\(output)"
    try Command.run(["sh", "-c", "PATH=$PATH:/sbin:/usr/sbin \(command)"])
    let text = String(decoding: try readFile(output), as: UTF8.self)
    return text.split(separator: "\n").flatMap { line -> [UInt64] in
        // <different begin="0" length="1"/>
        let words = line.split { " =<\"/>".contains($0) }
        guard words.count == 5, ["different", "left_only", "right_only"].contains(words[0]),
            let begin = UInt64(words[2]), let length = UInt64(words[4])
        else { return [] }
        return Array(begin..<begin + length)
    }
}
