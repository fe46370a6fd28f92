import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

// How large a layer is, and layers of a home that Docker made.

@Suite(.serialized, .enabled(if: hasThinPools, "this kernel has no thin pools"))
struct SizeTests {
    @Test(arguments: [FileSystem.ext4, .xfs])
    func aLayerIsAsLargeAsItWasAskedFor(_ kind: FileSystem) throws {
        let home = try Home(kind)
        let (a, b, c) = (try layer("a"), try layer("b"), try layer("c"))
        let driver = try home.driver()
        try driver.add(a)
        try driver.add(b, on: a, size: "640M")
        #expect(try driver.bytes(of: a) < 330 << 20)
        #expect(try driver.bytes(of: b) > 480 << 20)
        #expect(try driver.metadata(of: b)["DeviceSize"] == "\(640 << 20)")
        #expect(try driver.text(of: b) == "content")
        for size in ["64M", "600M"] {
            let error = #expect(throws: DriverError.self) { try driver.add(c, on: b, size: size) }
            #expect("\(try #require(error))".contains("cannot be smaller"))
        }
        try driver.add(c, on: b)
        #expect(try driver.bytes(of: c) > 480 << 20)
        #expect(throws: DriverError.self) { try driver.add(layer("d"), size: "much") }
        try driver.add(layer("d"), size: "400M")
        #expect(try driver.bytes(of: layer("d")) > 330 << 20)
    }

    @Test(arguments: [FileSystem.ext4, .xfs])
    func theBaseGrowsAndNeverShrinks(_ kind: FileSystem) throws {
        let home = try Home(kind)
        let (a, b) = (try layer("a"), try layer("b"))
        try home.driver().add(a)
        // Also with a cut between the record and the file system.
        let driver = try home.driver()
        var base = try #require(try driver.records.device(nil))
        base.size = 640 << 20
        try driver.records.write(base, for: nil)
        let grown = try home.driver([("dm.basesize", "641M")])
        try grown.add(b)
        #expect(try grown.bytes(of: a) < 330 << 20)
        #expect(try grown.bytes(of: b) > 480 << 20)
        let error = #expect(throws: DriverError.self) { try home.driver([("dm.basesize", "600M")]) }
        #expect("\(try #require(error))".contains("cannot be smaller"))
    }

    @Test func namesThatCanNotBeDevicesAreRefused() throws {
        let home = try Home()
        let driver = try home.driver()
        let long = String(repeating: "n", count: 120)
        for name in ["base", "pool", "deviceset-metadata", "transaction-metadata", "x.migrated", long] {
            let id = try layer(name)
            #expect(throws: DriverError.self) { try driver.create(id, parent: nil, options: LayerOptions()) }
            #expect(!driver.contains(id))
            #expect(throws: DriverError.self) { try driver.open(id) }
            try driver.remove(id)
        }
        #expect(try driver.records.device(nil)?.isInitialized == true)
        let odd = try layer("a+b \"c\"\\<d>".replacing(" ", with: "_"))
        try driver.add(odd)
        #expect(try home.driver().text(of: odd) == "content")
        try driver.remove(odd)
    }

    @Test(arguments: [FileSystem.ext4, .xfs])
    func aHomeThatDockerMadeIsOpened(_ kind: FileSystem) throws {
        let home = try Home(kind)
        let id = try layer(String(repeating: "0123456789abcdef", count: 4))
        try DockerHome.make(at: home.path, kind, layer: id)
        let driver = try home.driver()
        #expect(try driver.text(of: id) == "content")
        #expect(try driver.metadata(of: id)["DeviceId"] == "2")
        let (child, first) = (try layer("child"), try layer("first"))
        try driver.add(child, on: id)
        try driver.add(first)
        #expect(try driver.text(of: first) == "content")
        #expect(try driver.deviceID(of: child) == 3)
        try driver.release()
        #expect(try driver.records.deviceSet().nextDeviceID == 4)
        #expect(try home.driver().text(of: child) == "content")
    }
}

/// What dockerd leaves, made by the programs that it runs: a base without `rootfs`, and a layer with it.
private enum DockerHome {
    static func make(at home: FilePath, _ kind: FileSystem, layer: LayerID) throws {
        for folder in ["", "devicemapper", "metadata", "mnt"] {
            try makeFolders(home.appending(folder), mode: .ownerReadWriteExecute)
        }
        try Command.run(["sh", "-ec", script, "sh", home.string, kind.rawValue, layer.description])
    }

    private static let script = """
        home=$1 kind=$2 layer=$3 name=docker-test-$$
        truncate -s 2G $home/devicemapper/data
        truncate -s 32M $home/devicemapper/metadata
        data=$(losetup -f --show $home/devicemapper/data)
        metadata=$(losetup -f --show $home/devicemapper/metadata)
        dmsetup create $name-pool --table "0 4194304 thin-pool $metadata $data 128 32768 1 skip_block_zeroing"
        dmsetup message $name-pool 0 "create_thin 1"
        dmsetup create $name-base --table "0 655360 thin /dev/mapper/$name-pool 1"
        mkfs.$kind -q /dev/mapper/$name-base
        uuid=$(blkid -p -s UUID -o value /dev/mapper/$name-base)
        dmsetup remove $name-base
        dmsetup message $name-pool 0 "set_transaction_id 0 1"
        dmsetup message $name-pool 0 "create_snap 2 1"
        dmsetup create $name-layer --table "0 655360 thin /dev/mapper/$name-pool 2"
        mount -t $kind /dev/mapper/$name-layer $home/mnt
        mkdir $home/mnt/rootfs
        printf content > $home/mnt/rootfs/file
        printf %s $layer > $home/mnt/id
        umount $home/mnt
        dmsetup remove $name-layer
        dmsetup message $name-pool 0 "set_transaction_id 1 2"
        dmsetup remove $name-pool
        losetup -d $data
        losetup -d $metadata
        cd $home/metadata
        printf '{"device_id":1,"size":335544320,"transaction_id":1,"initialized":true,"deleted":false}' > base
        printf '{"device_id":2,"size":335544320,"transaction_id":2,"initialized":false,"deleted":false}' > $layer
        printf '{"next_device_id":2,"BaseDeviceUUID":"%s","BaseDeviceFilesystem":"%s"}' $uuid $kind > deviceset-metadata
        printf '{"open_transaction_id":2,"device_hash":"%s","device_id":2}' $layer > transaction-metadata
        """
}
