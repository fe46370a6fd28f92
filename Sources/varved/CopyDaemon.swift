import DockerAPI
import FoundationEssentials
import HTTPClient

/// The daemon that has the container.
struct CopyDaemon {
    private let client: Client

    init() throws { client = try .ofEnvironment() }

    /// An answer to a request about files of a container; `CopyFailure` with the daemon's words where it refuses.
    func ask(
        _ method: String,
        _ container: String,
        _ path: String,
        query: [(String, String)] = [],
        body: ClientRequest.Body = .none
    ) throws -> ClientResponse {
        let place = "/containers/\(ClientRequest.escaped(container))/archive"
        let request = ClientRequest(method, place, query: [("path", path)] + query, body: body)
        let response = try client.send(request)
        guard response.status >= 400 else { return response }
        if method == "HEAD" && response.status == 404 { throw Missing() }
        let said = Data(try response.readAll())
        let message = (try? JSONDecoder().decode(ErrorBody.self, from: said))?.message
        throw CopyFailure("Error response from daemon: \(message ?? String(decoding: said, as: UTF8.self))")
    }

    /// What is at a path of a container; nil where nothing is.
    func status(_ container: String, _ path: String) throws -> PathStatus? {
        do { return try Self.status(ask("HEAD", container, path)) } catch is Missing { return nil }
    }

    private struct Missing: Error {}

    static func status(_ response: ClientResponse) throws -> PathStatus {
        guard let text = response.header("X-Docker-Container-Path-Stat"), let bytes = Data(base64Encoded: text) else {
            throw CopyFailure("the daemon does not say what is at that path: is it one that speaks Docker's API?")
        }
        return try JSONDecoder().decode(PathStatus.self, from: bytes)
    }
}

extension PathStatus {
    var isFolder: Bool { mode & 1 << 31 != 0 }
    var isLink: Bool { mode & 1 << 27 != 0 }
}

/// A path as `cp` reads it: its folder, its last name, and what its end says.
struct CopyPath {
    let text: String
    /// It ends in `/` or `/.`, so it must be a folder.
    var saysFolder: Bool { text.hasSuffix("/") || saysContent }
    /// It ends in `/.`: what is in the folder.
    var saysContent: Bool { text == "." || text.hasSuffix("/.") }

    private var names: [Substring] { text.split(separator: "/").filter { $0 != "." } }
    /// The last name; `.` for what is in a folder, and for the root.
    var base: String { saysContent || names.isEmpty ? "." : String(names.last ?? ".") }
    /// The folder that it lies in.
    var folder: String { (text.hasPrefix("/") ? "/" : "") + names.dropLast().joined(separator: "/") }
    /// The last name, whatever its end says.
    var lastName: String { names.last.map(String.init) ?? "/" }
}

/// Where a copy goes: a folder that is there, and the name in it.
struct CopyTarget {
    let folder: String
    let name: String

    /// Docker's rules. `there` says whether the destination is there, and is a folder.
    init(_ destination: CopyPath, isThere: Bool, isFolder: Bool, from source: String, isFolderCopied: Bool) throws {
        if isThere && isFolder {
            (folder, name) = (destination.text, source)
        } else if isThere && isFolderCopied {
            throw CopyFailure("cannot copy directory")
        } else if !isThere && destination.saysFolder && !isFolderCopied {
            throw CopyFailure("no such directory: \(destination.text)")
        } else if isThere && destination.saysFolder {
            throw CopyFailure("not a directory: \(destination.text)")
        } else {
            (folder, name) = (destination.folder, destination.lastName)
        }
    }
}
