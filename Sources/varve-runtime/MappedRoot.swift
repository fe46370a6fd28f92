import CLinux
import Glibc
import Linux
import RuntimeProtocol
import SystemPackage

/// Makes a container's root file system as a mount that is attached nowhere, its files under the ids of a user namespace.
///
/// A folder or a disk is mapped as it is. overlayfs can't be mapped itself, but its layers can: the folder that holds all of
/// them is mapped as one mount, and the layers are taken from there.
struct MappedRoot {
    /// A folder to put things together at, in a mount namespace that nobody else has.
    let place: String
    /// Nil: the ids stay as they are.
    let user: UserNamespace?

    func make(_ folder: String?, _ mounts: [RootMount]) throws -> CInt {
        if let folder { return try mapped(sys("copy the mount \(folder)") { copy(folder) }, folder) }
        guard let mount = mounts.first, mounts.count == 1, mount.target.isEmpty else {
            throw StepError("a root of several mounts can't be had in a user namespace: use --userns=host")
        }
        let whole = Mount(mount)
        if mount.type == "overlay", let user { return try overlay(whole, user) }
        try whole.make(at: FilePath(place))
        defer { umount2(place, CInt(MNT_DETACH)) }
        return try mapped(sys("copy the mount \(mount.source)") { copy(place) }, mount.source)
    }

    private func copy(_ path: String) -> CInt { linux_copy_mount(AT_FDCWD, path, 0) }

    private func mapped(_ copy: CInt, _ what: String) throws -> CInt {
        if let user { try Self.map(copy, what, user) }
        return copy
    }

    /// Shows `copy` under the ids of `user`.
    static func map(_ copy: CInt, _ what: String, _ user: UserNamespace) throws {
        do throws(SystemError) {
            try sys("map the owners of \(what)") { linux_map_mount(copy, user.descriptor) }
        } catch {
            guard [.invalidArgument, .noFunction, .notSupported].contains(error.errno) else { throw error }
            let type = (try? FileSystemType(of: FilePath(varve_runtime.place(copy)))).map { "\($0)" } ?? "it"
            throw StepError(
                "\(what) can't be shown under a user namespace's ids (idmapped mounts): this kernel can't do it for "
                    + "\(type); use a newer kernel, another file system or storage driver, or --userns=host"
            )
        }
    }

    private func overlay(_ mount: Mount, _ user: UserNamespace) throws -> CInt {
        var parts: [(key: Substring, path: FilePath)] = []
        for option in mount.options {
            if let part = try Self.layer(option) { parts.append(part) }
        }
        guard var home = parts.first?.path else { throw StepError("the overlay names no layers") }
        for part in parts { while !part.path.starts(with: home) { home.removeLastComponent() } }
        let layers = try mapped(sys("copy the mount \(home)") { copy(home.string) }, home.string)
        defer { close(layers) }
        // Without the place of its mount a layer has no path that the kernel would take (before 6.15).
        try sys("attach the layers") { linux_attach_mount(layers, place) }
        defer { umount2(place, CInt(MNT_DETACH)) }
        var moved = mount
        moved.options = try mount.options.filter { try Self.layer($0) == nil }
        let depth = home.components.count
        for part in parts { try addImage(part.path, in: home) }
        moved.options += parts.map { "\($0.key)=\(FilePath(place).appending($0.path.components.dropFirst(depth)))" }
        // What overlayfs itself makes, as whiteouts, belongs to who mounted it: on mapped layers that must be somebody whom
        // the mapping knows.
        try user.asRoot { try moved.make(at: FilePath(place)) }
        defer { umount2(place, CInt(MNT_DETACH)) }
        return try sys("copy the overlay") { copy(place) }
    }

    /// Maps a layer that is an image, mounted in `home`: a mount's copy has none of those in it.
    private func addImage(_ layer: FilePath, in home: FilePath) throws {
        let device = try Self.device(of: layer)
        if try device == Self.device(of: home) { return }
        var root = layer
        while try device == Self.device(of: root.removingLastComponent()) { root.removeLastComponent() }
        let image = OwnedDescriptor(try mapped(sys("copy the mount \(root)") { copy(root.string) }, root.string))
        let spot = FilePath(place).appending(root.components.dropFirst(home.components.count))
        try sys("attach the layer \(root)") { linux_attach_mount(image.rawValue, spot.string) }
    }

    private static func device(of path: FilePath) throws -> dev_t {
        var status = stat()
        try sys("look at \(path)") { stat(path.string, &status) }
        return status.st_dev
    }

    /// The option and the folder, without links, which would lead out of the mapped mount; nil: it is no layer.
    private static func layer(_ option: String) throws -> (key: Substring, path: FilePath)? {
        let parts = option.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, ["lowerdir+", "upperdir", "workdir"].contains(parts[0]) else { return nil }
        guard let path = realpath(String(parts[1]), nil) else {
            throw SystemError("find the layer \(parts[1])", Errno(rawValue: errno))
        }
        defer { free(path) }
        return (parts[0], FilePath(platformString: path))
    }
}
