/// A network as CNI's files describe it: plug-ins that are run one after the other.
///
/// <https://www.cni.dev/docs/spec/#section-1-network-configuration-format>
package struct ConfigurationList: Codable, Sendable, Equatable {
    /// The network's name.
    package var name: String
    /// Which version of the specification its plug-ins are spoken to in.
    package var version: String
    package var plugins: [Plugin]

    /// One step, as the file has it.
    package struct Plugin: Codable, Sendable, Equatable {
        /// The program's name.
        package var type: String
        /// What a container's user may ask of it: `portMappings`, `ips`, `mac`.
        package var capabilities: Set<String>
        package var configuration: JSON
    }

    /// Those that this runtime speaks, the newest last. Before 0.3.0 there were no lists, and other answers.
    package static let versions = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]

    /// Reads a list, or one plug-in's configuration, which is a list of one.
    package init(parsing bytes: [UInt8]) throws(FormatError) {
        let whole = try JSON(parsing: bytes)
        guard case .object = whole else { throw FormatError("", "no JSON object") }
        name = try whole.text("name", in: "")
        guard Self.isName(name) else {
            throw FormatError("name", "no network's name: it begins with a letter or a digit, then come also _ . -")
        }
        version = try Self.version(whole)
        let steps = whole["plugins"] == nil ? [whole] : try whole.list("plugins", in: "")
        guard !steps.isEmpty else { throw FormatError("plugins", "empty") }
        plugins = []
        for (index, step) in steps.enumerated() {
            plugins.append(try Plugin(step, at: whole["plugins"] == nil ? "" : "plugins[\(index)]."))
        }
    }

    /// A letter or a digit, then also `_`, `.` and `-`: a plug-in makes names of files of it.
    private static func isName(_ name: String) -> Bool {
        let plain = name.utf8.allSatisfy { isLetterOrDigit($0) || "_.-".utf8.contains($0) }
        return plain && name.utf8.first.map(isLetterOrDigit) ?? false && name.utf8.count <= 128
    }

    fileprivate static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    /// The one that is named, or the newest of several.
    private static func version(_ whole: JSON) throws(FormatError) -> String {
        let given = try [whole.text("cniVersion", in: "")] + whole.texts("cniVersions", in: "")
        let named = given.filter { !$0.isEmpty }
        guard let newest = versions.last(where: named.contains) else {
            let said = named.isEmpty ? "missing" : named.joined(separator: ", ")
            throw FormatError("cniVersion", "\(said): write one of \(versions.joined(separator: ", "))")
        }
        return newest
    }

    /// Whether one of its plug-ins does what a container's user may ask for.
    package func can(_ capability: String) -> Bool { plugins.contains { $0.capabilities.contains(capability) } }
}

extension ConfigurationList.Plugin {
    fileprivate init(_ step: JSON, at place: String) throws(FormatError) {
        guard case .object = step else { throw FormatError(String(place.dropLast()), "no JSON object") }
        type = try step.text("type", in: place)
        // A path would lead out of the plug-ins' folders.
        guard !type.isEmpty, ![".", ".."].contains(type), !type.contains("/"), !type.utf8.contains(0) else {
            throw FormatError(place + "type", "no program's name")
        }
        var capabilities: Set<String> = []
        if let asked = step["capabilities"] {
            guard case .object(let flags) = asked else {
                throw FormatError(place + "capabilities", "no JSON object")
            }
            for name in flags.keys where try asked.flag(name, in: place + "capabilities.") {
                capabilities.insert(name)
            }
        }
        self.capabilities = capabilities
        configuration = step
    }

    /// What its addresses come from: `host-local`; empty: not said, or none.
    package var addressType: String { configuration["ipam"]?["type"]?.text ?? "" }

    /// The networks that its addresses are from, as far as the file tells, with their gateways.
    package var subnets: [(subnet: String, gateway: String?)] {
        guard let given = configuration["ipam"] else { return [] }
        var pools = [given]
        if case .list(let sets)? = given["ranges"] {
            for case .list(let set) in sets { pools += set }
        }
        return pools.compactMap { pool in pool["subnet"]?.text.map { ($0, pool["gateway"]?.text) } }
    }
}
