import GraphDrivers
import Overlay2Driver
import VFSDriver

/// The built-in storage drivers, the first choice first.
///
/// A new one is a word here, a word in `Package.swift` and a folder.
let drivers: [any GraphDriver.Type] = [Overlay2.self, VFS.self]
