// `dm.directlvm_device`: LVM makes a thin pool of a whole block device, once. What it was made with is written down
// in `setup-config.json`; from then on the pool is used as one of the user's. A note of what is about to be made lies
// beside it meanwhile: where it is found at a start, the last one was cut short, and begins anew.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// A thin pool that LVM makes.
struct DirectLVM {
    /// The pool's name for the device mapper: volume group `docker`, volume `thinpool`.
    static let poolName = "docker-thinpool"

    let home: FilePath
    let settings: Settings

    init(home: FilePath, settings: Settings) {
        self.home = home
        self.settings = settings
    }

    private var configuration: FilePath { home.appending("setup-config.json") }
    private var note: FilePath { home.appending(".setup-config.new") }
    /// LVM finds it by its name.
    private let profile = FilePath("/etc/lvm/profile/\(poolName).profile")

    /// Whether the home's pool is LVM's.
    var isWanted: Bool { settings.device != nil || exists(configuration) }

    /// Makes the pool if it was not made yet, and activates it.
    func start() throws {
        guard isWanted else { return }
        if let device = settings.device {
            if exists(configuration) {
                guard try readFile(configuration, limit: 4096) == settings.json else {
                    throw invalid(device, "changing direct-lvm config is not supported; it is in \(configuration)")
                }
            } else {
                try setUp(device)
            }
        }
        if try Control.info(Self.poolName) == nil { try Command.run(["lvchange", "-ay", "-y", "docker/thinpool"]) }
    }

    private func setUp(_ device: FilePath) throws {
        for program in ["pvcreate", "vgcreate", "lvcreate", "lvconvert", "lvchange", "thin_check"]
        where Command.find(program) == nil {
            throw invalid(device, "the program \(program) is missing; install lvm2 and thin-provisioning-tools")
        }
        // Another device than at that start may be anybody's.
        if Settings.device(in: (try? readFile(note, limit: 4096)) ?? []) == device { takeBack(device) }
        try requireUnused(device)
        try writeAtomically(settings.json, to: note)
        do {
            // It refuses a device that is in a volume group: what is taken back is what was made since.
            try Command.run(["pvcreate", "-f", "-y", device.string])
            do {
                try make(device)
                try writeAtomically(settings.json, to: configuration)
            } catch {
                takeBack(device)
                throw error
            }
        } catch {
            unlink(note.string)
            throw error
        }
        try sys("delete \(note)") { unlink(note.string) }
    }

    /// Takes back what this start made.
    func undo() {
        guard let device = settings.device, exists(configuration) else { return }
        takeBack(device)
    }

    /// Deletes what a set-up that was cut short made of the device; the next command says what is wrong if that fails.
    private func takeBack(_ device: FilePath) {
        if let group = group(of: device) {
            guard group == "docker" else { return }
            if (try? Command.run(["vgremove", "-f", "-y", group])) != nil { unlink(profile.string) }
        }
        // Also what pvcreate made without a group; it refuses one that is in a group.
        _ = try? Command.run(["pvremove", "-f", "-y", device.string])
    }

    private func make(_ device: FilePath) throws {
        let percent = settings.dataPercent == 0 ? (95, 1) : (settings.dataPercent, settings.metadataPercent)
        try Command.run(["vgcreate", "docker", device.string])
        let commands = [
            "lvcreate -y --wipesignatures y -n thinpool docker -l \(percent.0)%VG",
            "lvcreate -y --wipesignatures y -n thinpoolmeta docker -l \(percent.1)%VG",
            "lvconvert -y --zero n -c 512K --thinpool docker/thinpool --poolmetadata docker/thinpoolmeta",
        ]
        for command in commands { try Command.run(command.split(separator: " ").map(String.init)) }
        try writeProfile()
        // A full pool answers with an error: otherwise writers hang in it for a minute.
        for option in [["--metadataprofile", Self.poolName], ["--errorwhenfull", "y"]] {
            try Command.run(["lvchange", "-y"] + option + ["docker/thinpool"])
        }
    }

    /// When LVM's monitor grows the pool, and by how much.
    private func writeProfile() throws {
        let threshold = settings.growThreshold == 0 ? 80 : settings.growThreshold
        let percent = settings.growPercent == 0 ? 20 : settings.growPercent
        let text = """
            activation {
            \tthin_pool_autoextend_threshold=\(threshold)
            \tthin_pool_autoextend_percent=\(percent)
            }

            """
        try makeFolders(profile.removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
        try writeAtomically(Array(text.utf8), to: profile)
    }

    private func requireUnused(_ device: FilePath) throws {
        if let group = group(of: device) {
            throw invalid(
                device,
                "\(device) is already part of a volume group \"\(group)\": remove it from any volume group, or give "
                    + "another device"
            )
        }
        if settings.isForced { return }
        // `blkid` ends with an error where it finds nothing.
        if let found = try? Command.run(["blkid", "-p", "-s", "TYPE", "-o", "value", device.string]), !found.isEmpty {
            throw invalid(device, "\(device) has a filesystem (\(found)); dm.directlvm_device_force=true overwrites it")
        }
    }

    /// The volume group that the device is in; nil where it is in none.
    private func group(of device: FilePath) -> String? {
        let command = ["pvs", "--noheadings", "-o", "vg_name", device.string]
        guard let text = try? Command.run(command) else { return nil }  // no physical volume
        let name = text.split(separator: " ").joined()
        return name.isEmpty ? nil : name
    }

    private func invalid(_ device: FilePath, _ reason: String) -> DriverError {
        Option(key: "dm.directlvm_device", value: device.string).invalid(reason)
    }
}

extension DirectLVM {
    /// `dm.directlvm_device` and what belongs to it.
    struct Settings: Sendable, Equatable {
        /// The block device; nil: none of this.
        var device: FilePath?
        /// Also where there is something on it.
        var isForced = false
        /// Percent of the device for data, and for metadata; 0: 95 and 1.
        var dataPercent = 0
        var metadataPercent = 0
        /// LVM grows the pool by so many percent where it is so full; 0: 20 and 80.
        var growPercent = 0
        var growThreshold = 0

        mutating func take(_ name: String, _ option: Option) throws -> Bool {
            switch name {
            case "dm.directlvm_device": device = try option.path()
            case "dm.directlvm_device_force": isForced = try option.bool()
            case "dm.thinp_percent": dataPercent = try option.number(in: 1...100)
            case "dm.thinp_metapercent": metadataPercent = try option.number(in: 1...100)
            case "dm.thinp_autoextend_percent": growPercent = try option.number(in: 1...100)
            case "dm.thinp_autoextend_threshold": growThreshold = try option.number(in: 1...100)
            default: return false
            }
            return true
        }

        func check() throws {
            func invalid(_ key: String, _ reason: String) -> DriverError { Option(key: key, value: "").invalid(reason) }
            if (dataPercent == 0) != (metadataPercent == 0) {
                throw invalid("dm.thinp_percent", "dm.thinp_percent and dm.thinp_metapercent must be given together")
            }
            if dataPercent + metadataPercent > 100 {
                throw invalid("dm.thinp_percent", "together with dm.thinp_metapercent it is more than 100")
            }
        }

        /// The device that a note or a configuration names; nil where that is none.
        static func device(in json: [UInt8]) -> FilePath? {
            struct Keys: Decodable { var Device: String }
            return decoded(Keys.self, from: json).map { FilePath($0.Device) }
        }

        /// As Docker writes it, with the values as they were given.
        var json: [UInt8] {
            Array(
                (#"{"Device":\#(quoted(device?.string ?? "")),"ThinpPercent":\#(dataPercent),"#
                    + #""ThinpMetaPercent":\#(metadataPercent),"AutoExtendPercent":\#(growPercent),"#
                    + #""AutoExtendThreshold":\#(growThreshold)}"#).utf8
            )
        }
    }
}
