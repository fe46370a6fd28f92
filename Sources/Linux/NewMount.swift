// The new mount interface: a file system context is opened, gets its options one by one, and becomes a mount that is
// attached nowhere until move_mount puts it in place. `man 2 fsopen`; kernel: Documentation/filesystems/mount_api.rst.

import Glibc
import SystemPackage

extension Mount {
    /// Makes the mount without putting it anywhere: it ends when the descriptor and all that was opened below it close.
    ///
    /// The system calls are `fsopen`, `fsconfig` and `fsmount`.
    public func makeDetached() throws(SystemError) -> OwnedDescriptor {
        // A context that failed once is of no more use.
        try waitingForDevice { () throws(SystemError) in try makeDetachedOnce() }
    }

    private func makeDetachedOnce() throws(SystemError) -> OwnedDescriptor {
        let context = OwnedDescriptor(try sys("open a \(type) context") { fsopen(type, UInt32(FSOPEN_CLOEXEC)) })
        if !source.isEmpty { try configure(context.rawValue, string: "source", source) }
        var attributes: UInt32 = 0
        for option in options {
            let (key, value) = Self.split(option)
            guard let value else {
                if let attribute = Self.attributes[key] { attributes |= attribute }
                if Self.defaults.contains(key) || (Self.attributes[key] != nil && key != "ro") { continue }
                try configure(context.rawValue, "set", key) {
                    fsconfig(context.rawValue, FSCONFIG_SET_FLAG.rawValue, key, nil, 0)
                }
                continue
            }
            try set(key, value, in: context.rawValue)
        }
        try withWorkFolder { () throws(SystemError) in
            try configure(context.rawValue, "create", "") {
                fsconfig(context.rawValue, FSCONFIG_CMD_CREATE.rawValue, nil, nil, 0)
            }
        }
        return OwnedDescriptor(
            try sys("make a \(type) mount") {
                fsmount(context.rawValue, UInt32(FSMOUNT_CLOEXEC), attributes)
            }
        )
    }

    /// `key` and `value` of `key=value`; nil where there is no `=`.
    static func split(_ option: String) -> (key: String, value: String?) {
        guard let equals = option.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (option, nil) }
        return (String(option[..<equals]), String(option[option.index(after: equals)...]))
    }

    private func set(_ key: String, _ value: String, in context: CInt) throws(SystemError) {
        let isFolder = type == "overlay" && ["lowerdir+", "datadir+", "upperdir", "workdir"].contains(key)
        guard isFolder, value.utf8.count > 255 else {
            // overlayfs takes backslashes out of these two, as it did from mount(2)'s options.
            let text = isFolder && !key.hasSuffix("+") ? value.escaping(["\\"]) : value
            return try configure(context, string: key, text)
        }
        // A string is at most 255 bytes long; a longer path goes in as a descriptor (Linux 6.13).
        let folder = OwnedDescriptor(
            try sys("open \(value)") { open(value, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        try configure(context, "set", "\(key)=\(value)") {
            fsconfig(context, FSCONFIG_SET_FD.rawValue, key, nil, folder.rawValue)
        }
    }

    private func configure(_ context: CInt, string key: String, _ value: String) throws(SystemError) {
        try configure(context, "set", "\(key)=\(value)") {
            fsconfig(context, FSCONFIG_SET_STRING.rawValue, key, value, 0)
        }
    }

    private func configure(_ context: CInt, _ step: String, _ what: String, _ call: () -> CInt) throws(SystemError) {
        do throws(SystemError) { try sys("") { call() } } catch {
            let words = Self.messages(of: context)
            let doing = step == "create" ? "mount \(type)" : "mount \(type): set \(what)"
            throw SystemError(words.isEmpty ? doing : "\(doing) (\(words))", error.errno)
        }
    }

    /// What the kernel wrote about the failure: lines as `e overlay: too many lower directories`.
    private static func messages(of context: CInt) -> String {
        var found: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while found.count < 16, case let count = read(context, &buffer, buffer.count), count > 2 {
            found.append(String(decoding: buffer[2..<count].prefix { $0 != 0x0a }, as: UTF8.self))
        }
        return found.joined(separator: "; ")
    }

    /// Options that are attributes of the mount, not of the file system (`MOUNT_ATTR_…`); `ro` is both.
    private static let attributes: [String: UInt32] = [
        "ro": 0x1, "nosuid": 0x2, "nodev": 0x4, "noexec": 0x8, "noatime": 0x10, "strictatime": 0x20,
        "nodiratime": 0x80, "nosymfollow": 0x20_0000,
    ]
    private static let defaults: Set<String> = ["rw", "suid", "dev", "exec", "relatime", "defaults", "async"]
}

extension String {
    /// Puts a backslash before each of `characters`.
    func escaping(_ characters: Set<Character>) -> String {
        reduce(into: "") { text, character in
            if characters.contains(character) { text.append("\\") }
            text.append(character)
        }
    }
}
