import Glibc

/// The proxies on the daemon's way to registries: from flags, the file, and the environment, in this order.
struct Proxies: Equatable {
    /// As they stand in the file, under `proxies`.
    struct Given: Decodable {
        var httpProxy: String?
        var httpsProxy: String?
        var noProxy: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case httpProxy = "http-proxy"
            case httpsProxy = "https-proxy"
            case noProxy = "no-proxy"
        }
    }

    /// By the name of the environment variable, in capitals.
    let values: [String: String]

    init(_ flags: DaemonFlags, _ file: ConfigFile) throws {
        if case .object(let object)? = file.values[ConfigFile.CodingKeys.proxies.rawValue] {
            let known = Given.CodingKeys.allCases.map(\.rawValue)
            if let other = object.keys.sorted().first(where: { !known.contains($0) }) {
                throw StartFailure("proxies has no key \(other); there are \(known.joined(separator: ", "))")
            }
        }
        var values: [String: String] = [:]
        for (name, key, flag, own) in [
            ("HTTP_PROXY", Given.CodingKeys.httpProxy, flags.httpProxy, file.proxies?.httpProxy),
            ("HTTPS_PROXY", .httpsProxy, flags.httpsProxy, file.proxies?.httpsProxy),
            ("NO_PROXY", .noProxy, flags.noProxy, file.proxies?.noProxy),
        ] {
            // Not with their values, as dockerd would: these have passwords in them.
            guard flag == nil || own == nil else {
                throw StartFailure("\(key.rawValue) is given both as a flag and in the configuration file (proxies)")
            }
            values[name] = flag ?? own
        }
        self.values = values
    }

    /// Puts them where curl looks for them and `info` shows them.
    ///
    /// Only before there is a second thread: it changes the environment. (man 3 setenv)
    func export() {
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
            let value = values[name] ?? environment(name) ?? environment(name.lowercased()) ?? ""
            // `info` reads capitals first, and curl small letters: of `http_proxy` those only.
            setenv(name, value, 1)
            setenv(name.lowercased(), name == "NO_PROXY" ? Self.forCurl(value) : value, 1)
        }
    }

    private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// In curl's words: a domain has those below it without an asterisk, and this machine needs naming.
    static func forCurl(_ list: String) -> String {
        let entries = list.split { $0 == "," || $0 == " " }.map(String.init)
        if entries.contains("*") { return "*" }
        let own = ["localhost", "127.0.0.0/8", "::1"].filter { !entries.contains($0) }
        return (entries.map(plain) + own).joined(separator: ",")
    }

    /// Without an asterisk at its beginning, and without a port: curl looks at hosts only.
    private static func plain(_ entry: String) -> String {
        let name = entry.hasPrefix("*.") ? entry.dropFirst() : entry[...]
        let colons = name.indices.filter { name[$0] == ":" }
        guard colons.count == 1, !name.contains("/"), let colon = colons.first else { return String(name) }
        return String(name[..<colon])
    }
}
