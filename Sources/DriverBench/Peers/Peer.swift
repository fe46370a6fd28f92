import Linux
import SystemPackage

/// A daemon while it is measured, over its API.
///
/// It takes no driver of this program: what it costs is all that a user waits for, the daemon's own work and the
/// runtime's included. All that is made on it has a label, and is removed at the end.
final class Peer: Subject {
    let address: PeerAddress
    let scale: Scale
    let image: PeerImage
    private let server: ImageServer
    let containers: PeerContainers
    private let calls: PeerCalls
    /// Where it keeps layers, where that is seen from here.
    private let root: FilePath?
    private(set) var status: [String]
    private var hasImage = false
    private var count = 0

    var isOurs: Bool { false }

    /// Asks it what it is.
    init(_ address: PeerAddress, scale: Scale, image: PeerImage, server: ImageServer) throws {
        (self.address, self.scale, self.image, self.server) = (address, scale, image, server)
        let questions = PeerCalls(address.socket, patience: PeerCalls.shortPatience)
        let version = try questions.ask(PeerBody.Version.self, "GET", "/version")
        let info = try questions.ask(PeerBody.Info.self, "GET", "/info")
        status = [
            "Version: \(version.Version)", "API: \(version.ApiVersion)", "Driver: \(info.Driver)",
            "Data root: \(info.DockerRootDir ?? "unknown")", "Runtime: \(info.DefaultRuntime ?? "unknown")",
            "Control groups: v\(info.CgroupVersion ?? "?"), \(info.CgroupDriver ?? "unknown")",
            "Others' containers: \(info.Containers ?? 0), images: \(info.Images ?? 0)",
        ]
        root = info.DockerRootDir.map { FilePath($0) }.flatMap { isFolder($0) ? $0 : nil }
        calls = PeerCalls(address.socket)
        containers = PeerContainers(calls: calls, image: image.name, run: image.run)
    }

    /// Its row.
    func facts(id: String) -> TargetFacts {
        var facts = TargetFacts(id: id, kind: .peer, name: address.name)
        facts.place = "unix://\(address.socket)"
        facts.status = status
        if let root { facts.describeFileSystem(of: root) }
        return facts
    }

    /// Gives a thread what it needs to make containers beside others.
    var maker: @Sendable () -> PeerContainers {
        let (socket, name, run) = (address.socket, image.name, image.run)
        return { PeerContainers(calls: PeerCalls(socket), image: name, run: run) }
    }

    // MARK: Images

    /// Loads the image, unless it is there.
    func needImage() throws {
        guard !hasImage else { return }
        try load()
        try settle()
    }

    func load() throws {
        try calls.follow("POST", "/images/load", [("quiet", "1")], tar: image.archive)
        hasImage = true
    }

    func removeImage() throws {
        guard hasImage else { return }
        try calls.send("DELETE", "/images/\(image.name)", [("force", "1")])
        hasImage = false
    }

    /// Pulls it, from the registry in this program, under the name that it has there.
    func pull() throws {
        do {
            try calls.follow("POST", "/images/create", [("fromImage", server.name(of: image)), ("tag", "latest")])
        } catch let error as PeerError {
            let hint = "a peer must share this host's network, and take 127.0.0.1 for an insecure registry"
            throw PeerError(error.call, "\(error.reason) (\(hint))")
        }
    }

    func removePulled() throws {
        try calls.send("DELETE", "/images/\(server.name(of: image))", [("force", "1")])
    }

    /// Makes an image of a container, under a name that no other has.
    func commit(_ container: String) throws -> String {
        count += 1
        let repository = PeerLeftovers.images + image.run
        let query = [("container", container), ("repo", repository), ("tag", "commit-\(count)")]
        try calls.send("POST", "/commit", query)
        return "\(repository):commit-\(count)"
    }

    func removeImage(_ name: String) throws { try calls.send("DELETE", "/images/\(name)", [("force", "1")]) }

    // MARK: Ends

    func settle() throws { if let root { try syncFileSystem(of: root) } }

    /// The kernel's caches are everybody's; a daemon's own stay.
    func dropCaches() throws { try settle() }

    func removeContainers() {
        try? PeerLeftovers.removeContainers(calls, run: image.run)  // the workload's error is the one to report
    }

    func close() throws { try PeerLeftovers.remove(calls, run: image.run) }
}
