package import DockerAPI
import OCI
import Storage

/// `images`, with Docker's filters.
extension Engine {
    /// Newest first; intermediate images (no name, but children) only with `all`.
    package func images(all: Bool, filters: [String: [String]]) async throws -> [ImageSummary] {
        let filter = try ImageFilter(filters)
        return try await onStore { store in
            let images = store.images()
            let parents = Set(images.compactMap(\.parent))
            let before = try filter.before.map { try store.image(named: $0).config.created ?? .zero }
            let since = try filter.since.map { try store.image(named: $0).config.created ?? .zero }
            let shown = images.filter { image in
                let created = image.config.created ?? .zero
                if let before, created >= before { return false }
                if let since, created <= since { return false }
                let isDangling = image.references.isEmpty && !parents.contains(image.id)
                let isIntermediate = image.references.isEmpty && image.digests.isEmpty && parents.contains(image.id)
                if isIntermediate && !all { return false }
                return filter.matches(image, isDangling: isDangling)
            }
            return shown.map { Self.summary($0, filter) }.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
        }
    }

    /// All images with what they share, and the bytes of all layers.
    package func imageUsage() async throws -> (images: [ImageSummary], layersSize: Int64) {
        let usage = try await onStore { $0.layerUsage() }
        return (Self.shared(try await images(all: false, filters: [:]), usage), usage.total)
    }

    package func withSharedSizes(_ images: [ImageSummary]) async throws -> [ImageSummary] {
        Self.shared(images, try await onStore { $0.layerUsage() })
    }

    private static func shared(_ images: [ImageSummary], _ usage: LayerUsage) -> [ImageSummary] {
        images.map { image in
            var image = image
            image.sharedSize = ImageID(image.id).flatMap { usage.shared[$0] } ?? 0
            return image
        }
    }

    private static func summary(_ image: Image, _ filter: ImageFilter) -> ImageSummary {
        var summary = ImageSummary()
        summary.id = image.id.description
        summary.parentID = image.parent?.description ?? ""
        summary.created = image.config.created?.seconds ?? 0
        summary.labels = image.config.config?.labels
        summary.repoTags = image.references.filter(filter.shows).map(\.familiar)
        summary.repoDigests = image.digests.filter(filter.shows).map(\.familiar)
        summary.size = image.size
        summary.virtualSize = image.size
        return summary
    }
}

/// The filters of `docker images`, parsed.
private struct ImageFilter {
    private static let known: Set<String> = ["dangling", "label", "label!", "before", "since", "reference", "until"]
    private let dangling: Bool?
    private let labels: [String]
    private let unwantedLabels: [String]
    private let references: [String]
    private let until: Timestamp?
    let before: String?
    let since: String?

    init(_ filters: [String: [String]]) throws {
        if let key = filters.keys.first(where: { !Self.known.contains($0) }) {
            throw EngineError(.invalid, "invalid filter '\(key)'")
        }
        dangling = try filters.boolean("dangling")
        labels = filters["label"] ?? []
        unwantedLabels = filters["label!"] ?? []
        references = filters["reference"] ?? []
        before = filters["before"]?.first
        since = filters["since"]?.first
        until = try filters.until()
    }

    func matches(_ image: Image, isDangling: Bool) -> Bool {
        if let dangling, dangling != isDangling { return false }
        let own = image.config.config?.labels ?? [:]
        guard labels.allSatisfy({ Label.matches($0, own) }) else { return false }
        if unwantedLabels.contains(where: { Label.matches($0, own) }) { return false }
        if let until, image.config.created ?? .zero >= until { return false }
        return references.isEmpty || (image.references + image.digests).contains(where: shows)
    }

    /// Whether a name is one of those asked for.
    func shows(_ reference: Reference) -> Bool {
        references.isEmpty
            || references.contains {
                Pattern.matches($0, reference.familiar) || Pattern.matches($0, reference.familiarName)
            }
    }
}

/// `key`, or `key=value`.
enum Label {
    static func matches(_ wanted: String, _ labels: [String: String]) -> Bool {
        guard let equal = wanted.firstIndex(of: "=") else { return labels[wanted] != nil }
        return labels[String(wanted[..<equal])] == String(wanted[wanted.index(after: equal)...])
    }
}
