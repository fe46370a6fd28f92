import Testing

@testable import DeviceMapperDriver

// The lines were taken from `dmsetup status` and `dmsetup table` on Linux 6.12.

@Test func healthyPoolIsRead() throws {
    let line = "3 24/16384 117/65536 - rw discard_passdown error_if_no_space - 1024 "
    let status = try #require(PoolStatus(line))
    #expect(status.transaction == 3)
    #expect(status.metadata == .init(used: 24, total: 16384) && status.data == .init(used: 117, total: 65536))
    #expect(status.data.free == 65419 && status.mode == .works && status.heldRoot == nil && !status.needsCheck)
}

@Test func metadataSnapshotIsSeen() throws {
    let line = "3 24/16384 117/65536 19 rw discard_passdown queue_if_no_space - 1024"
    #expect(try #require(PoolStatus(line)).heldRoot == 19)
}

@Test func brokenPoolsAreSeen() throws {
    let full = "3 24/16384 65536/65536 - out_of_data_space discard_passdown error_if_no_space - 1024"
    #expect(try #require(PoolStatus(full)).mode == .isFull)
    let damaged = "3 24/16384 9/65536 - ro no_discard_passdown error_if_no_space needs_check 1024"
    let status = try #require(PoolStatus(damaged))
    #expect(status.mode == .readOnly && status.needsCheck)
    #expect(try #require(PoolStatus("Fail")).mode == .failed)
}

@Test(arguments: ["", "3", "3 24/16384", "x 24/16384 1/2 - rw", "3 24 1/2 -", "3 1/2/3 1/2 -"])
func otherWordsAreNoStatus(_ text: String) { #expect(PoolStatus(text) == nil) }

@Test func tableIsRead() throws {
    let line = "7:0 7:1 128 32768 2 skip_block_zeroing error_if_no_space "
    let table = try #require(PoolTable(line))
    #expect(table.metadata == "7:0" && table.data == "7:1" && table.blockSectors == 128)
    #expect(table.text == "7:0 7:1 128 32768 2 skip_block_zeroing error_if_no_space")
    #expect(PoolTable("7:0 7:1 0 32768") == nil && PoolTable("7:0 7:1") == nil)
}

@Test func prefixIsMadeOfTheFolder() {
    // Device 254:1, as stat(2) gives it.
    #expect(Pool.prefix(device: 0xfe01, inode: 1234) == "docker-254:1-1234")
    #expect(Pool.prefix(device: 0x1000_0003, inode: 5) == "docker-0:65539-5")
}

@Test func superblocksAreRead() throws {
    var xfs = [UInt8](repeating: 0, count: 4096)
    xfs.replaceSubrange(0..<8, with: Array("XFSB".utf8) + [0, 0, 16, 0])
    xfs[14] = 2
    xfs.replaceSubrange(32..<48, with: 0..<16)
    let found = try #require(Superblock(xfs))
    #expect(found.kind == .xfs && found.size == 512 * 4096)
    #expect(found.uuid == "00010203-0405-0607-0809-0a0b0c0d0e0f")
    var ext4 = [UInt8](repeating: 0, count: 4096)
    ext4[1024 + 0x38] = 0x53
    ext4[1024 + 0x39] = 0xef
    ext4[1024 + 5] = 1
    ext4[1024 + 0x18] = 2
    ext4.replaceSubrange(1024 + 0x68..<1024 + 0x78, with: (0..<16).reversed())
    let other = try #require(Superblock(ext4))
    #expect(other.kind == .ext4 && other.size == 256 * 4096)
    #expect(other.uuid == "0f0e0d0c-0b0a-0908-0706-050403020100")
    #expect(Superblock([UInt8](repeating: 0, count: 4096)) == nil)
    // What can't be, of a device that somebody else wrote.
    let wild = [UInt8](repeating: 0xff, count: 4096)
    #expect(Superblock(Array("XFSB".utf8) + wild.dropFirst(4)) == nil)
    var large = wild
    large.replaceSubrange(1024 + 0x38..<1024 + 0x3a, with: [0x53, 0xef])
    #expect(Superblock(large)?.kind == .ext4)
}
