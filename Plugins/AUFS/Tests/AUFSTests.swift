import AUFSDriver
import DriverChecks
import GraphDrivers
import Testing

@Suite(.serialized) struct AUFSTests {
    @Test("aufs keeps its promise", arguments: Check.all)
    func keeps(_ check: Check) throws { try run(check, "overlayfs") }

    @Test("aufs keeps its promise with fuse-overlayfs, but for what that does not do", arguments: Check.all)
    func keepsWithFuse(_ check: Check) throws {
        if let lack = Self.lacks.first(where: { check.description.hasPrefix($0.promise) }) {
            return print("skipped: aufs with fuse-overlayfs: \(check): fuse-overlayfs \(lack.instead)")
        }
        try run(check, "fuse-overlayfs")
    }

    private func run(_ check: Check, _ union: String) throws {
        try TestHost.run(check, on: AUFS.self, options: DriverOptions([(key: "aufs.union", value: union)]))
    }

    /// Where fuse-overlayfs 1.10 is unlike a kernel's file system; docs/drivers/aufs.md tells.
    private static let lacks = [
        (promise: "names of 255 bytes", instead: "opens layers by whole paths, which then are too long"),
        (promise: "what is made in a parent's folder with setgid", instead: "gives it the group of who made it"),
        (promise: "a folder gets a new time when", instead: "changes it when a file is copied up"),
        (promise: "seed ", instead: "loses hard links and fails on pipes and devices, after some tens of edits"),
    ]
}
