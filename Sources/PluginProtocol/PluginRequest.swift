/// The body of any call; each uses some of its keys, and what is absent is not written.
package struct PluginRequest: Codable, Sendable, Equatable {
    /// The folder that the plug-in is to keep its layers in. Docker: `Init` alone. Varve: each call, to those plug-ins
    /// that keep several apart.
    package var home: String?
    /// `Init`, from Varve: it names the home in each call, so that calls without one are still about another client's.
    package var namesHome: Bool?
    /// `Init`: the storage options, as `key=value`.
    package var options: [String]?
    /// `Init`: the ids that users have in containers.
    package var users: [IDRange]?
    package var groups: [IDRange]?
    package var id: String?
    package var parent: String?
    package var mountLabel: String?
    package var storageOptions: [String: String]?

    /// Ids that follow each other in containers and on the host.
    package struct IDRange: Codable, Sendable, Equatable {
        package let inside: UInt32
        package let outside: UInt32
        package let count: UInt32

        enum CodingKeys: String, CodingKey {
            case inside = "container_id"
            case outside = "host_id"
            case count = "size"
        }
    }

    enum CodingKeys: String, CodingKey {
        case home = "Home"
        case namesHome = "NamesHome"
        case options = "Opts"
        case users = "UIDMaps"
        case groups = "GIDMaps"
        case id = "ID"
        case parent = "Parent"
        case mountLabel = "MountLabel"
        case storageOptions = "StorageOpt"
    }

    package init(home: String? = nil, id: String? = nil, parent: String? = nil) {
        self.home = home
        self.id = id
        self.parent = parent
    }
}
