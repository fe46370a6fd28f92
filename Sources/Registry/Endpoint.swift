import Linux
import SystemPackage

/// One server that speaks the registry protocol (`distribution-spec`).
struct Endpoint: Sendable, Hashable {
    /// `https://registry-1.docker.io`, without a slash at the end.
    var base: String
    var verifies = true
    /// It stands in for another one, and gets none of its credentials.
    var isMirror = false

    /// What its certificate must prove: the system's authorities, and what the host's administrator put into `folder`.
    func trust(_ folder: FilePath) throws -> HTTPSession.Trust {
        var trust = HTTPSession.Trust(verifies: verifies)
        let own = folder.appending(String(base.split(separator: "/").dropFirst().first ?? ""))
        guard isFolder(own) else { return trust }
        for name in try listFolder(own) {
            let path = own.appending(name)
            switch path.extension {
            case "crt": trust.authorities += try readFile(path, limit: 1 << 20) + [0x0a]
            case "cert": trust.certificate = path.string
            case "key": trust.key = path.string
            default: break
            }
        }
        if !trust.authorities.isEmpty { trust.authorities += (try? readFile(Self.system, limit: 4 << 20)) ?? [] }
        return trust
    }

    /// The authorities that Debian's `ca-certificates` installs; without it, those in the folder are all.
    private static let system: FilePath = "/etc/ssl/certs/ca-certificates.crt"
}
