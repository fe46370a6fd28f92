/// A container's place in a list's network, with all that it takes to undo it, also by another daemon.
package struct Attachment: Codable, Sendable, Equatable {
    /// As it was when the plug-ins were asked: the file may be another by now.
    package var list: ConfigurationList
    package var container: String
    /// The path of its network namespace; empty: it is gone.
    package var namespace: String
    package var interface: String
    /// `IgnoreUnknown=1;KEY=VALUE`.
    package var arguments = ""
    /// What is asked of plug-ins that can: `portMappings`, `ips`, `mac`.
    package var wishes: [String: JSON] = [:]
    /// The last plug-in's answer; nil: they have not been run to the end.
    package var result: JSON?

    package init(_ list: ConfigurationList, container: String, namespace: String, interface: String) {
        self.list = list
        self.container = container
        self.namespace = namespace
        self.interface = interface
    }

    /// Runs the plug-ins, each with the answer of the one before.
    package mutating func add(by plugins: Plugins) throws -> PluginResult {
        var last: JSON?
        for plugin in list.plugins {
            last = try plugins.run(plugin.type, .add, for: self, configuration(for: plugin, last))
            guard let last else {
                throw PluginError.rubbish(plugin.type, verb: "ADD", why: "it is no JSON")
            }
            do { _ = try PluginResult(last) } catch {
                throw PluginError.rubbish(plugin.type, verb: "ADD", why: "\(error)")
            }
        }
        let whole = last ?? .object([:])
        result = whole
        return try PluginResult(whole)
    }

    /// Runs the plug-ins' other side, the last one first: all of them, also where one fails. Throws the first failure.
    package func remove(by plugins: Plugins) throws {
        // Before 0.4.0 nobody was told.
        let known = list.version.hasPrefix("0.3.") ? nil : result
        var failure: (any Error)?
        for plugin in list.plugins.reversed() {
            do { _ = try plugins.run(plugin.type, .delete, for: self, configuration(for: plugin, known)) } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// The file's, and what is known only now.
    func configuration(for plugin: ConfigurationList.Plugin, _ previous: JSON?) -> JSON {
        guard case .object(var keys) = plugin.configuration else { return plugin.configuration }
        keys["name"] = .text(list.name)
        keys["cniVersion"] = .text(list.version)
        keys["capabilities"] = nil
        keys["cniVersions"] = nil
        let granted = wishes.filter { plugin.capabilities.contains($0.key) }
        keys["runtimeConfig"] = granted.isEmpty ? nil : .object(granted)
        keys["prevResult"] = previous
        return .object(keys)
    }
}
