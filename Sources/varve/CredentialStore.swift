import Glibc
import HTTPClient
import Linux
import OCI
import SystemPackage

/// What `login` keeps: Docker's `config.json` and its credential helpers, so that either command finds what the other one
/// kept.
struct CredentialStore {
    /// Who asks a registry.
    struct Login {
        var username = ""
        var password = ""
        var identityToken = ""
    }

    private let path: FilePath
    private let config: JSON
    /// Docker Hub's name in that file.
    static let hub = "https://index.docker.io/v1/"

    /// Reads `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`, if there is one.
    init() throws {
        let folder =
            Client.variable("DOCKER_CONFIG") ?? (Client.variable("HOME") ?? "/root") + "/.docker"
        let named = FilePath(folder).appending("config.json")
        // Where it is a link to a file that somebody keeps elsewhere, that one is written, and the link stays.
        let found = realpath(named.string, nil)
        defer { free(found) }
        path = found.map { FilePath(String(cString: $0)) } ?? named
        guard exists(path) else {
            config = .object([])
            return
        }
        do { config = try JSON(readFile(path, limit: 1 << 20)) } catch {
            throw Failure(message: "\(path) can't be read: \(error); mend it, or move it away and log in again")
        }
    }

    /// The key for a registry, by the domain of images' names.
    static func key(_ domain: String) -> String { domain == "docker.io" ? hub : domain }

    /// What is kept for a registry; nil for nothing.
    func login(for key: String) throws -> Login? {
        if let helper = helper(for: key) {
            let answer: String
            do { answer = try Self.run(helper, "get", key) } catch let failure as Command.Failure {
                if failure.output.contains("credentials not found") { return nil }
                throw Failure(message: "\(failure)")
            }
            let said = try JSON(Array(answer.utf8))
            let (name, secret) = (said["Username"].string ?? "", said["Secret"].string ?? "")
            return name == "<token>" ? Login(identityToken: secret) : Login(username: name, password: secret)
        }
        let entry = config["auths"][key]
        if let token = entry["identitytoken"].string, !token.isEmpty { return Login(identityToken: token) }
        guard let pair = entry["auth"].string.flatMap({ Base64.decode(Array($0.utf8)) }) else { return nil }
        let text = String(decoding: pair, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return nil }
        return Login(username: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    }

    /// Keeps it, with a helper if one is configured.
    func keep(_ login: Login, for key: String) throws {
        if let helper = helper(for: key) {
            let isToken = !login.identityToken.isEmpty
            let entry = JSON.object([
                (key: "ServerURL", value: .string(key)),
                (key: "Username", value: .string(isToken ? "<token>" : login.username)),
                (key: "Secret", value: .string(isToken ? login.identityToken : login.password)),
            ])
            _ = try Self.run(helper, "store", entry.text())
            return try write(key, .object([]))
        }
        var pair: [UInt8] = []
        Array("\(login.username):\(login.password)".utf8).withUnsafeBytes { Base64.encode($0, to: &pair) }
        var entry: [(key: String, value: JSON)] = [(key: "auth", value: .string(String(decoding: pair, as: UTF8.self)))]
        if !login.identityToken.isEmpty { entry.append((key: "identitytoken", value: .string(login.identityToken))) }
        try write(key, .object(entry))
        warn("The password is kept unencrypted in \(path): a credential helper (credsStore) would keep it safer.")
    }

    /// Forgets it; false where there was nothing.
    func forget(_ key: String) throws -> Bool {
        let isKept = config["auths"].fields.contains { $0.key == key }
        if let helper = helper(for: key) { _ = try? Self.run(helper, "erase", key) }
        if isKept { try write(key, nil) }
        return isKept
    }

    private func helper(for key: String) -> String? {
        let name = config["credHelpers"][key].string ?? config["credsStore"].string ?? ""
        return name.isEmpty ? nil : "docker-credential-\(name)"
    }

    private static func run(_ helper: String, _ verb: String, _ input: String) throws -> String {
        try Command.run([helper, verb], input: Array(input.utf8), mostOutput: 1 << 16)
    }

    private func write(_ key: String, _ entry: JSON?) throws {
        var auths = config["auths"].fields.filter { $0.key != key }
        if let entry { auths.append((key: key, value: entry)) }
        var fields = config.fields.filter { $0.key != "auths" }
        fields.append((key: "auths", value: .object(auths)))
        try makeFolders(path.removingLastComponent(), mode: FilePermissions(rawValue: 0o700))
        let text = JSON.object(fields).text(indent: "\t") + "\n"
        try writeAtomically(Array(text.utf8), to: path, mode: [.ownerReadWrite])
    }
}
