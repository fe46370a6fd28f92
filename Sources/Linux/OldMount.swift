// mount(2): all options in one string of at most a page, flags apart. Bind mounts go through here too.

import CLinux
import Glibc
import SystemPackage

extension Mount {
    /// Makes the mount with mount(2), on `target`, an absolute path.
    func makeOld(at target: FilePath) throws(SystemError) {
        if type.isEmpty { return try bind(on: target) }
        try waitingForDevice { () throws(SystemError) in
            try withWorkFolder { () throws(SystemError) in try makeWithOptions(at: target) }
        }
    }

    private func makeWithOptions(at target: FilePath) throws(SystemError) {
        let flags = options.reduce(0) { $0 | (Self.flags[$1] ?? 0) }
        let what = "mount \(type) on \(target)"
        let joined = joinedOptions(relativeTo: nil)
        if joined.utf8.count < Self.page {
            try sys(what) { mount(source, target.string, type, flags, joined) }
            return
        }
        // Docker's way out: name the layers relative to the folder that holds them all.
        let base = commonFolder
        let short = joinedOptions(relativeTo: base)
        guard short.utf8.count < Self.page else {
            let needed = "the options take \(short.utf8.count) bytes, mount(2) reads \(Self.page - 1)"
            throw SystemError("\(what): \(needed)", .argListTooLong)
        }
        try sys(what) { linux_mount_from(base.string, source, target.string, type, UInt(flags), short) }
    }

    /// The options as mount(2) wants them: `lowerdir+` become one `lowerdir`, the topmost first.
    func joinedOptions(relativeTo base: FilePath?) -> String {
        func shown(_ path: String) -> String {
            guard let base else { return path }
            var inside = FilePath(path)
            return inside.removePrefix(base) && !inside.isEmpty ? inside.string : path
        }
        var parts: [String] = []
        var lowers: [String] = []
        for option in options where Self.flags[option] == nil {
            let (key, value) = Self.split(option)
            switch (type, key, value) {
            case ("overlay", "lowerdir+", .some(let folder)):
                lowers.append(shown(folder).escaping(["\\", ":", ","]))
            case ("overlay", "upperdir", .some(let folder)), ("overlay", "workdir", .some(let folder)):
                parts.append("\(key)=\(shown(folder).escaping(["\\", ","]))")
            // It has commas.
            case (_, "context", .some(let context)): parts.append("context=\"\(context)\"")
            default: parts.append(option)
            }
        }
        if !lowers.isEmpty { parts.insert("lowerdir=" + lowers.joined(separator: ":"), at: 0) }
        return parts.joined(separator: ",")
    }

    /// The deepest folder that holds all layers.
    private var commonFolder: FilePath {
        let folders = options.compactMap { option -> FilePath? in
            let (key, value) = Self.split(option)
            return ["lowerdir+", "upperdir", "workdir"].contains(key) ? value.map { FilePath($0) } : nil
        }
        guard var common = folders.first?.removingLastComponent() else { return "/" }
        for folder in folders {
            while !folder.starts(with: common), !common.components.isEmpty { common.removeLastComponent() }
        }
        return common
    }

    private func bind(on target: FilePath) throws(SystemError) {
        let recursive: UInt = options.contains("rbind") ? UInt(MS_REC) : 0
        let bind = UInt(MS_BIND)
        try sys("bind \(source) on \(target)") { mount(source, target.string, nil, bind | recursive, nil) }
        let flags = options.reduce(UInt(0)) { $0 | (Self.flags[$1] ?? 0) }
        guard flags != 0 else { return }
        do throws(SystemError) {
            // The kernel ignores other flags while it binds. man 2 mount, "Remounting an existing mount".
            try sys("bind \(source) on \(target) with \(options)") {
                mount(nil, target.string, nil, bind | UInt(MS_REMOUNT) | flags, nil)
            }
        } catch {
            try? unmount(target, detach: true)  // it was made a moment ago; the error to report is the other one
            throw error
        }
    }

    /// How many bytes mount(2) reads, the closing zero included: one page, on every machine we know.
    private static let page = 4096
    /// What mount(8) calls options and mount(2) flags.
    private static let flags: [String: UInt] = [
        "ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "dirsync": 128, "nosymfollow": 256,
        "noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21, "strictatime": 1 << 24, "lazytime": 1 << 25,
        "rw": 0, "suid": 0, "dev": 0, "exec": 0, "async": 0, "defaults": 0, "bind": 0, "rbind": 0,
    ]
}
