import SystemPackage

/// What daemons are measured with: an image, and a registry that has it.
final class PeerRoom {
    private let scale: Scale
    private let made: (image: PeerImage, server: ImageServer)?

    init(_ tars: Tars, _ scale: Scale) throws {
        self.scale = scale
        guard PeerImage.missing == nil else {
            made = nil
            return
        }
        let image = try PeerImage(tars, scale, in: tars.folder.appending("peers"))
        made = (image, try ImageServer(image))
    }

    /// Asks a daemon what it is.
    func open(_ address: PeerAddress) throws -> Peer {
        guard let made else { throw PeerError("make an image", PeerImage.missing ?? "") }
        return try Peer(address, scale: scale, image: made.image, server: made.server)
    }

    func close() { made?.server.close() }
}

extension TargetFacts {
    /// The row of a daemon that can't be measured.
    init(unsupported address: PeerAddress, id: String, _ reason: String) {
        self.init(id: id, kind: .peer, name: address.name)
        place = "unix://\(address.socket)"
        unsupported = reason
    }
}
