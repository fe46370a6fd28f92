import DockerAPI
import Linux
import OCI
import SystemPackage

/// lxcfs: a file system of the host's with files that show a container its own limits, where `/proc` shows what the whole
/// host has. (https://linuxcontainers.org/lxcfs/, man 1 lxcfs)
package enum Lxcfs {
    /// A container's own choice, `true` or `false`: `--annotation io.varve.lxcfs=true`.
    static let annotation = "io.varve.lxcfs"

    private static let folder: FilePath = "/var/lib/lxcfs"
    private static let files = [
        "proc/cpuinfo", "proc/diskstats", "proc/loadavg", "proc/meminfo", "proc/slabinfo", "proc/stat", "proc/swaps",
        "proc/uptime", "sys/devices/system/cpu/online",
    ]

    /// Throws where it does not run on this host.
    package static func check() throws {
        guard exists(folder.appending("proc").appending("meminfo")) else {
            throw EngineError(
                .invalid,
                "lxcfs is not running on this host: nothing is in \(folder); apt install lxcfs, systemctl start lxcfs"
            )
        }
    }

    /// What is mounted over the kernel's files; `standard` is the daemon's choice.
    static func mounts(_ host: HostConfig, standard: Bool) throws -> [RuntimeMount] {
        guard try isWanted(host) ?? standard else { return [] }
        try check()
        // Versions of it differ in what they have, and so do kernels.
        return files.filter { exists(folder.pushing(FilePath($0))) && exists(FilePath("/" + $0)) }.map {
            SpecMounts.file(folder.pushing(FilePath($0)).string, at: "/" + $0)
        }
    }

    /// Nil: the container leaves it to the daemon.
    static func isWanted(_ host: HostConfig) throws -> Bool? {
        switch host.annotations?[annotation] {
        case nil, "": return nil
        case "true", "1": return true
        case "false", "0": return false
        case .some(let other):
            throw EngineError(.invalid, "invalid annotation \(annotation)=\(other): it is true or false")
        }
    }
}
