import DockerAPI

/// Which events a client wants: values of one key are alternatives, keys add up.
struct EventFilter: Sendable {
    static let keys: Set<String> = [
        "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret",
        "service", "type", "volume",
    ]
    private let wanted: [String: [String]]

    init(_ wanted: [String: [String]]) { self.wanted = wanted }

    func matches(_ event: EventMessage) -> Bool {
        wanted.allSatisfy { key, values in
            // Labels are the exception: all of them must be there.
            key == "label" ? values.allSatisfy { hasLabel($0, event) } : values.contains { matches(key, $0, event) }
        }
    }

    private func matches(_ key: String, _ value: String, _ event: EventMessage) -> Bool {
        switch key {
        case "event":
            // `exec_create` stands for `exec_create: sh`, too.
            return event.action == value || event.action.hasPrefix(value + ":")
        case "type": return event.type == value
        case "scope": return event.scope == value
        case "image": return isImage(value, event)
        default: return event.type == key && isNamed(value, event)
        }
    }

    private func isNamed(_ value: String, _ event: EventMessage) -> Bool {
        !value.isEmpty && (event.actor.id.hasPrefix(value) || event.actor.attributes["name"] == value)
    }

    /// An event of the image, or of a container made from it; with or without its tag.
    private func isImage(_ value: String, _ event: EventMessage) -> Bool {
        let names = [
            event.type == "image" ? event.actor.id : nil, event.actor.attributes["image"],
            event.type == "image" ? event.actor.attributes["name"] : nil,
        ]
        return names.compactMap { $0 }.contains { $0 == value || $0.hasPrefix(value + ":") }
    }

    private func hasLabel(_ label: String, _ event: EventMessage) -> Bool {
        guard let equals = label.firstIndex(of: "=") else { return event.actor.attributes[label] != nil }
        return event.actor.attributes[String(label[..<equals])] == String(label[label.index(after: equals)...])
    }
}
