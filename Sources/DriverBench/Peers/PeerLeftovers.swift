import FoundationEssentials

/// What runs made on a daemon, found by its label and name.
package enum PeerLeftovers {
    /// On each container and image; its value is the run's name.
    static let label = "varve.bench"
    /// What names of images begin with, behind a registry's.
    static let images = "varve-bench/"

    /// Removes what runs left that were killed. A daemon that does not answer, or refuses, is for the run to tell of.
    package static func clearAbandoned(on peers: [PeerAddress]) {
        for peer in peers {
            let calls = PeerCalls(peer.socket, patience: PeerCalls.shortPatience)
            guard (try? calls.send("GET", "/_ping")) != nil else { continue }
            try? remove(PeerCalls(peer.socket))
        }
    }

    /// Removes all of `run`, or of all runs; throws the first error at the end.
    static func remove(_ calls: PeerCalls, run: String? = nil) throws {
        var failure: (any Error)?
        func attempt(_ body: () throws -> Void) { do { try body() } catch { failure = failure ?? error } }
        attempt { try removeContainers(calls, run: run) }
        for image in try calls.ask([PeerBody.Image].self, "GET", "/images/json") {
            for name in names(of: image, run) {
                attempt { try calls.send("DELETE", "/images/\(name)", [("force", "1")]) }
            }
        }
        if let failure { throw failure }
    }

    /// Removes containers only.
    static func removeContainers(_ calls: PeerCalls, run: String?) throws {
        let filter = ["label": [run.map { "\(label)=\($0)" } ?? label]]
        let text = String(decoding: try JSONEncoder().encode(filter), as: UTF8.self)
        let query = [("all", "1"), ("filters", text)]
        for container in try calls.ask([PeerBody.Container].self, "GET", "/containers/json", query) {
            try calls.send("DELETE", "/containers/\(container.Id)", [("force", "1"), ("v", "1")])
        }
    }

    /// An image's names in such a run; one without a name goes by its ID. What somebody else called so has no label.
    private static func names(of image: PeerBody.Image, _ run: String?) -> [String] {
        guard let owner = image.Labels?[label], run == nil || owner == run else { return [] }
        let tags = (image.RepoTags ?? []).filter { $0 != "<none>:<none>" }
        return tags.isEmpty ? [image.Id] : tags.filter { $0.contains(images) }
    }
}
