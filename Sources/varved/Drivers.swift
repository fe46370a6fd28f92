import AUFSDriver
import BtrfsDriver
import DeviceMapperDriver
import GraphDrivers
import Overlay2Driver
import VFSDriver

/// The built-in storage drivers, the first choice first.
///
/// `vfs` runs everywhere, so what comes after it has to be asked for. A new one is a word here, a word in
/// `Package.swift` and a folder.
let drivers: [any GraphDriver.Type] = [Overlay2.self, Btrfs.self, AUFS.self, VFS.self, DeviceMapper.self]
