import AUFSDriver
import BtrfsDriver
import DeviceMapperDriver
import EROFSDriver
import GraphDrivers
import Overlay2Driver
import VFSDriver

/// The built-in storage drivers, the first choice first.
///
/// `vfs` runs everywhere, so what comes after it has to be asked for. A new one is a word here, a word in
/// `Package.swift` and a folder.
let drivers: [DriverKind] = [
    DriverKind(Overlay2.self), DriverKind(Btrfs.self), DriverKind(AUFS.self), DriverKind(VFS.self),
    DriverKind(DeviceMapper.self), DriverKind(EROFS.self),
]

/// Why a driver that runs here is nevertheless chosen only by its name; nil for those that are chosen by themselves.
func whyOnlyAsked(_ name: String) -> String? {
    switch name {
    case DeviceMapper.name: "vfs, which runs everywhere, comes before it; it is there for data that Docker left"
    case EROFS.name:
        "it is new, and no other engine opens its folders; `varve driver bench --driver erofs --driver overlay2` shows "
            + "what it would bring on this host"
    case _ where !drivers.contains { $0.name == name }: "a plug-in is never chosen because it is there"
    default: nil
    }
}
