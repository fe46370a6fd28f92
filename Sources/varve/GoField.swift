/// The fields of the API's objects as Go's types have them: what is left out of JSON is still there, empty.
enum GoField {
    private static let maps: Set<String> = [
        "Annotations", "Attributes", "Details", "DriverOpts", "ExposedPorts", "Labels", "Networks", "Options",
        "PortBindings", "Ports",
        "StorageOpt", "Sysctls", "Tmpfs", "Volumes",
    ]
    private static let pointers: Set<String> = [
        "Health", "Healthcheck", "IPAMConfig", "Init", "MemorySwappiness", "NetworkingConfig", "OomKillDisable",
        "PidsLimit", "SizeRootFs", "SizeRw", "StopTimeout", "UsageData", "BindOptions", "VolumeOptions", "TmpfsOptions",
    ]
    private static let texts: Set<String> = [
        "Comment", "Container", "DockerVersion", "Error", "MacAddress", "Name", "OsVersion", "Propagation",
        "StopSignal", "Variant", "Driver", "Source",
    ]
    private static let lists: Set<String> = [
        "Aliases", "Binds", "CapAdd", "CapDrop", "DeviceRequests", "Devices", "Dns", "DNSNames", "ExecIDs",
        "ExtraHosts",
        "GroupAdd", "Links", "Mounts", "OnBuild", "SecurityOpt", "Shell", "Ulimits", "VolumesFrom", "Warnings",
    ]

    /// The field, by Go's name or JSON's, which differ in case only. An object without it, where no such type may leave
    /// it out, is an error.
    ///
    /// `inside`: the field that the object is the value of: a map may have any key.
    static func of(_ value: JSON, _ name: String, inside: String?, isHeader: Bool) throws -> JSON {
        guard case .object(let fields) = value else {
            if value.isNull { throw Failure(message: "template: nil pointer evaluating \(name)") }
            throw Failure(message: "template: can't evaluate field \(name) in \(shown(value))")
        }
        let folded = name.lowercased()
        if let found = fields.first(where: { $0.key == name }) ?? fields.first(where: { $0.key.lowercased() == folded })
        {
            return found.value
        }
        if isMap(inside) { return .null }
        if isHeader { return .string("<no value>") }
        if texts.contains(name) { return .string("") }
        if maps.contains(name) || pointers.contains(name) || lists.contains(name) { return .null }
        throw Failure(message: "template: map has no entry for key \"\(name)\"")
    }

    static func isMap(_ name: String?) -> Bool { name.map(maps.contains) ?? false }

    /// What Go prints of such a field without a value.
    static func nothing(_ name: String, inside: String?) -> String {
        if isMap(inside) { return "<no value>" }
        return maps.contains(name) ? "map[]" : pointers.contains(name) ? "<nil>" : "[]"
    }
}
