import DockerAPI
import OCI
import SystemPackage

/// Where something is mounted in a container: `/data`, `/data/` and `//x/../data` are one place.
enum Destination {
    /// The one way to write it, as Docker shows it.
    static func plain(_ path: String) -> String { FilePath(path).lexicallyNormalized().string }

    /// Has all that the user asked for written so: two mounts on one place are then seen as that.
    static func makePlain(_ host: inout HostConfig) {
        host.mounts = host.mounts?.map { mount in
            var mount = mount
            mount.target = plain(mount.target)
            return mount
        }
        host.tmpfs = host.tmpfs.map { tmpfs in
            Dictionary(tmpfs.map { (plain($0.key), $0.value) }) { first, _ in first }
        }
    }
}
