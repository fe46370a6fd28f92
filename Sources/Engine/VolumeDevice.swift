import FoundationEssentials
import Glibc
import Linux

/// What a volume shows that is no folder of the data root: the options `type`, `device` and `o` of Docker's `local` driver,
/// in the file in which dockerd keeps them, `volumes/<name>/opts.json`.
struct VolumeDevice: Codable, Equatable, Sendable {
    private struct Quota: Codable, Equatable {
        var size: UInt64 = 0
        enum CodingKeys: String, CodingKey { case size = "Size" }
    }

    /// A file system's, or `none`.
    let type: String
    /// As `mount(8)` takes them after `-o`.
    let options: String
    let device: String
    private var quota: Quota?

    enum CodingKeys: String, CodingKey {
        case type = "MountType"
        case options = "MountOpts"
        case device = "MountDevice"
        case quota = "Quota"
    }

    /// Nil where there are no options; throws where they are none that the driver knows, in Docker's words.
    init?(_ asked: [String: String]) throws {
        if asked.isEmpty { return nil }
        for key in asked.keys.sorted() where !["type", "o", "device", "size"].contains(key) {
            throw EngineError(.invalid, "invalid option: \"\(key)\"; the local volume driver has type, o and device")
        }
        if asked["size"] != nil {
            throw EngineError(
                .invalid,
                "quota size requested but no quota support: varve limits no volumes; use type=tmpfs with o=size=…, or a "
                    + "file system of that size as device"
            )
        }
        for (key, needed) in [("type", ["device"]), ("device", ["type"]), ("o", ["device", "type"])]
        where asked[key] != nil {
            for other in needed where asked[other] == nil {
                throw EngineError(.invalid, "missing required option: \"\(other)\"")
            }
        }
        (type, options, device) = (asked["type"] ?? "", asked["o"] ?? "", asked["device"] ?? "")
        quota = Quota()
        let words = options.split(separator: ",")
        // A bind mount is private in any case.
        let isBind = words.contains("bind") || words.contains("rbind")
        let kinds: Set<Substring> = ["shared", "slave", "unbindable", isBind ? "shared" : "private"]
        if let word = words.first(where: { kinds.contains($0) || kinds.contains($0.dropFirst()) }) {
            throw EngineError(.invalid, "invalid option: \"\(word)\" in o: varve's volumes propagate no mounts")
        }
        guard ![type, options, device].contains(where: { $0.utf8.contains(0) }) else {
            throw EngineError(.invalid, "invalid option: a NUL byte")
        }
    }

    /// As the user gave them.
    var asked: [String: String] {
        ["type": type, "o": options, "device": device].filter { !$0.value.isEmpty }
    }

    /// `text` as it may be shown: mounts of cifs are given passwords.
    func withoutPasswords(_ text: String) -> String {
        options.split(separator: ",").filter { $0.hasPrefix("pass") }
            .reduce(text) { $0.replacing($1, with: "password=********") }
    }

    /// What is mounted; asks for the address of a server that is named, as `mount.nfs` does: the kernel resolves no names.
    func mount() throws -> Mount {
        var words = options.split(separator: ",").map(String.init)
        if ["nfs", "nfs4", "cifs"].contains(type) {
            words = try words.map { $0.hasPrefix("addr=") ? "addr=" + (try Self.address(of: $0.dropFirst(5))) : $0 }
        }
        var device = device
        if type == "cifs", !words.contains(where: { $0.hasPrefix("addr=") }), device.hasPrefix("//") {
            let host = device.dropFirst(2).prefix { $0 != "/" }
            device = "//" + (try Self.address(of: host)) + device.dropFirst(2 + host.count)
        }
        let isBind = words.contains("bind") || words.contains("rbind")
        return Mount(type: isBind ? "" : type, source: device, options: words)
    }

    private static func address(of host: Substring) throws -> String {
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(String(host), nil, nil, &found)
        defer { if let found { freeaddrinfo(found) } }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard status == 0, let entry = found?.pointee,
            getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
        else {
            throw EngineError(.failed, "error resolving passed in network volume address \(host)")
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
