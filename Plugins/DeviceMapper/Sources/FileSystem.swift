// The file system of the base, which every layer inherits with its first blocks.

import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// What the devices are formatted with.
enum FileSystem: String, Sendable {
    case ext4
    case xfs

    /// The program that makes one.
    var program: String { "mkfs.\(rawValue)" }

    /// Whether the kernel can mount it; loads its module.
    var isKnown: Bool {
        let context = fsopen(rawValue, UInt32(FSOPEN_CLOEXEC))
        guard context >= 0 else { return false }
        close(context)
        return true
    }

    /// Docker's choice: xfs where its program and its module are there, else ext4.
    static func best() throws -> FileSystem {
        if let found = [FileSystem.xfs, .ext4].first(where: { Command.find($0.program) != nil && $0.isKnown }) {
            return found
        }
        throw DriverError.unsupported(
            driver: DeviceMapper.name,
            reason: "neither mkfs.xfs nor mkfs.ext4 is there, or the kernel can mount neither",
            remedy: "install xfsprogs or e2fsprogs"
        )
    }

    /// Whether the program and the module are there, for one that the user asked for.
    func require() throws {
        let option = Option(key: "dm.fs", value: rawValue)
        if Command.find(program) == nil {
            throw option.invalid("\(program) is not there; install \(self == .xfs ? "xfsprogs" : "e2fsprogs")")
        }
        if !isKnown { throw option.invalid("this kernel can't mount \(rawValue)") }
    }

    /// Makes one on `device`, which reads as zeros if `isBlank`.
    func make(on device: FilePath, arguments: [String], isBlank: Bool) throws {
        switch self {
        // Without `-K` it would discard the whole device first, which has nothing to give back.
        case .xfs: try Command.run([program, "-q", "-K"] + arguments + [device.string])
        case .ext4: try makeExt4(on: device, arguments, isBlank)
        }
    }

    /// Inode tables are made now, or are zeros already: else each container would write its own later, behind its
    /// back.
    private func makeExt4(on device: FilePath, _ arguments: [String], _ isBlank: Bool) throws {
        let now = ["nodiscard,lazy_itable_init=0,lazy_journal_init=0", "nodiscard,lazy_itable_init=0"]
        let ways = (isBlank ? ["nodiscard,assume_storage_prezeroed=1"] : []) + now
        for (index, way) in ways.enumerated() {
            do {
                try Command.run([program, "-q", "-F", "-E", way] + arguments + [device.string])
                return
            } catch { if index == ways.count - 1 { throw error } }  // an older mke2fs does not know that word
        }
    }

    /// Grows the mounted file system below `folder` to its device's size.
    func grow(mountedAt folder: FilePath, to size: UInt64) throws {
        let root = OwnedDescriptor(
            try sys("open \(folder)") { open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        try sys("grow the \(rawValue) of \(size) bytes") {
            switch self {
            case .ext4: linux_grow_ext4(root.rawValue, size)
            case .xfs: linux_grow_xfs(root.rawValue, size)
            }
        }
    }
}

/// What a file system's first block says of it.
struct Superblock: Equatable {
    var kind: FileSystem
    /// As `blkid` writes it.
    var uuid: String
    /// In bytes.
    var size: UInt64

    /// Reads the first bytes of `device`; nil where there is neither ext4 nor xfs.
    init?(of device: FilePath) throws {
        let file = OwnedDescriptor(try sys("open \(device)") { open(device.string, O_RDONLY | O_CLOEXEC) })
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = try sys("read \(device)") { pread(file.rawValue, &bytes, bytes.count, 0) }
        guard count == bytes.count, let found = Superblock(bytes) else { return nil }
        self = found
    }

    /// Reads the first 4096 bytes of a device. xfs: fs/xfs/libxfs/xfs_format.h; ext4: fs/ext4/ext4.h.
    init?(_ bytes: [UInt8]) {
        func number(_ offset: Int, _ count: Int, isBig: Bool) -> UInt64 {
            let part = bytes[offset..<offset + count]
            return (isBig ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
        }
        if bytes.starts(with: Array("XFSB".utf8)) {
            kind = .xfs
            uuid = Self.text(bytes[32..<48])
            let (bytes, isTooLarge) = number(4, 4, isBig: true).multipliedReportingOverflow(
                by: number(8, 8, isBig: true)
            )
            if isTooLarge { return nil }
            size = bytes
        } else if number(1024 + 0x38, 2, isBig: false) == 0xef53 {
            kind = .ext4
            uuid = Self.text(bytes[1024 + 0x68..<1024 + 0x78])
            let is64 = number(1024 + 0x60, 4, isBig: false) & 0x80 != 0
            let high = is64 ? number(1024 + 0x150, 4, isBig: false) << 32 : 0
            size = (number(1024 + 4, 4, isBig: false) | high) << (10 + number(1024 + 0x18, 4, isBig: false) & 7)
        } else {
            return nil
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { hex[$0].joined() }.joined(separator: "-")
    }
}
