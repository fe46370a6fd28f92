import ArgumentParser
import Glibc
import HTTPClient
import OCI

/// `varve pull`.
struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch an image from a registry.",
        discussion: """
            What is here already is not fetched again; a pull that was cut goes on where it was.

            Example: varve pull debian:bookworm-slim
            Example: varve pull --platform linux/arm64 registry.example.com:5000/team/app@sha256:…
            Example: varve pull --all-tags registry.example.com:5000/team/app
            """
    )

    @Flag(name: .shortAndLong, help: "Say only the image's name.") var quiet = false
    @Flag(name: .shortAndLong, help: "Fetch all tags of the repository.") var allTags = false
    @Option(help: "os/arch[/variant] to fetch instead of this host's.") var platform: String?
    @Argument(help: "The image.") var image: String

    func run() throws {
        var name = try reference(image)
        if allTags, name.tag != nil || name.digest != nil {
            throw Failure(message: "tag can't be used with --all-tags/-a")
        }
        if !allTags { name = name.tagged }
        try pullImage(name, platform: platform, quiet: quiet, on: Daemon())
        put(name.description + "\n")
    }
}

/// `varve push`.
struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Send an image to a registry.",
        discussion: """
            Example: varve tag app registry.example.com:5000/team/app:v1
            Example: varve push registry.example.com:5000/team/app:v1
            """
    )

    @Flag(name: .shortAndLong, help: "Say nothing but errors.") var quiet = false
    @Flag(name: .shortAndLong, help: "Send all tags of the repository.") var allTags = false
    @Option(help: "os/arch[/variant] of the only image to send.") var platform: String?
    @Argument(help: "The image.") var image: String

    func run() throws {
        var name = try reference(image)
        if allTags, name.tag != nil { throw Failure(message: "tag can't be used with --all-tags/-a") }
        if !allTags { name = name.tagged }
        let headers = [("X-Registry-Auth", try registryAuth(name.domain))]
        let query = try (name.tag.map { [("tag", $0)] } ?? []) + platformQuery(platform)
        let path = imagePath(name.familiarName, "/push")
        let answer = try Daemon().open(ClientRequest("POST", path, query: query, headers: headers))
        var progress = Progress(isQuiet: quiet)
        try progress.show(answer)
        if quiet { put(name.description + "\n") }
    }
}

/// `varve login`.
struct LoginVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in to a registry.",
        discussion: """
            What is kept is Docker's config.json: `docker login` and this are one.

            Example: varve login registry.example.com:5000
            Example: cat token | varve login -u me --password-stdin ghcr.io
            """
    )

    @Option(name: .shortAndLong, help: "Who you are.") var username: String?
    @Option(name: .shortAndLong, help: "The password: others can see it in the list of processes.") var password:
        String?
    @Flag(help: "Read the password from standard input.") var passwordStdin = false
    @Argument(help: "The registry; Docker Hub if absent.") var server: String?

    func run() throws {
        let key = registryKey(server)
        let store = try CredentialStore()
        var login = CredentialStore.Login()
        login.username = try username ?? ask("Username: ", isSecret: false)
        if passwordStdin {
            login.password = readWholeInput().trimmedLineEnd
        } else {
            if password != nil { warn("WARNING! Using --password via the CLI is insecure. Use --password-stdin.") }
            login.password = try password ?? ask("Password: ", isSecret: true)
        }
        let body = JSON.object([
            (key: "username", value: .string(login.username)), (key: "password", value: .string(login.password)),
            (key: "serveraddress", value: .string(key)),
        ])
        let answer = try Daemon().ask("POST", "/auth", body: body)
        login.identityToken = answer["IdentityToken"].string ?? ""
        try store.keep(login, for: key)
        put((answer["Status"].string ?? "Login Succeeded") + "\n")
    }
}

/// `varve logout`.
struct Logout: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Log out from a registry.",
        discussion: "Example: varve logout registry.example.com:5000"
    )

    @Argument(help: "The registry; Docker Hub if absent.") var server: String?

    func run() throws {
        let key = registryKey(server)
        if try CredentialStore().forget(key) {
            put("Removing login credentials for \(key)\n")
        } else {
            put("Not logged in to \(key)\n")
        }
    }
}

/// Fetches an image, or all of a repository where `name` has neither tag nor digest, showing how far it is.
func pullImage(_ name: Reference, platform: String?, quiet: Bool, on daemon: Daemon, to output: CInt = STDOUT_FILENO)
    throws
{
    var query = [("fromImage", name.familiarName)]
    if let tag = name.digest?.description ?? name.tag { query.append(("tag", tag)) }
    if let platform { query.append(("platform", platform)) }
    let headers = [("X-Registry-Auth", try registryAuth(name.domain))]
    let answer = try daemon.open(ClientRequest("POST", "/images/create", query: query, headers: headers))
    var progress = Progress(isQuiet: quiet, output: output)
    try progress.show(answer)
}

/// What a user typed as an image's name.
func reference(_ image: String) throws -> Reference {
    do throws(ReferenceError) { return try Reference(image) } catch { throw Failure(message: error.description) }
}

/// The header that says who asks: URL-safe Base64 of JSON.
private func registryAuth(_ domain: String) throws -> String {
    let key = CredentialStore.key(domain)
    let login = try CredentialStore().login(for: key)
    var fields: [(key: String, value: JSON)] = [(key: "serveraddress", value: .string(key))]
    if let login, !login.identityToken.isEmpty {
        fields.append((key: "identitytoken", value: .string(login.identityToken)))
    } else if let login {
        fields.append((key: "username", value: .string(login.username)))
        fields.append((key: "password", value: .string(login.password)))
    }
    var text: [UInt8] = []
    Array(JSON.object(fields).text().utf8).withUnsafeBytes { Base64.encode($0, to: &text) }
    let swap: [UInt8: UInt8] = [UInt8(ascii: "+"): UInt8(ascii: "-"), UInt8(ascii: "/"): UInt8(ascii: "_")]
    return String(decoding: text.map { swap[$0] ?? $0 }, as: UTF8.self)
}

/// The name by which credentials are kept for what a user typed.
private func registryKey(_ server: String?) -> String {
    guard let server, !server.isEmpty, !["docker.io", "index.docker.io", CredentialStore.hub].contains(server) else {
        return CredentialStore.hub
    }
    var rest = Substring(server)
    for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
    return String(rest.prefix { $0 != "/" })
}

/// Asks the person at the terminal.
private func ask(_ question: String, isSecret: Bool) throws -> String {
    guard isatty(STDIN_FILENO) == 1 else {
        throw Failure(message: "cannot ask without a terminal: give --username and --password-stdin")
    }
    put(question, to: STDERR_FILENO)
    var saved = termios()
    tcgetattr(STDIN_FILENO, &saved)
    if isSecret {
        var hidden = saved
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
    }
    defer {
        if isSecret {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
            put("\n", to: STDERR_FILENO)
        }
    }
    guard let line = readLine(), !line.isEmpty else { throw Failure(message: "nothing was entered") }
    return line
}

private func readWholeInput() -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(STDIN_FILENO, &buffer, buffer.count), count > 0, bytes.count < 1 << 16 {
        bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension String {
    /// Without the line end that `echo` and editors add.
    fileprivate var trimmedLineEnd: String {
        var text = self
        while let last = text.last, last.isNewline { text.removeLast() }
        return text
    }
}
