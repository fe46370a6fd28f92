/// What is given twice: as a flag and in the configuration file.
extension ConfigFile {
    /// Throws where a directive is given here and as a flag, too.
    func refuseDoubles(_ flags: DaemonFlags) throws {
        let doubles = flags.given.compactMap { key, flag -> String? in
            guard let flag, let file = values[key.rawValue], file != .null, file != .list([]) else { return nil }
            return "\(key.rawValue): (from flag: \(flag), from file: \(file))"
        }
        guard doubles.isEmpty else {
            throw StartFailure(
                "the following directives are specified both as a flag and in the configuration file: "
                    + doubles.joined(separator: ", ")
            )
        }
    }
}

extension ConfigValue: CustomStringConvertible {
    /// As dockerd shows it: lists in brackets, without quotes.
    var description: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
        case .text(let text): text
        case .list(let list): "[\(list.map(\.description).joined(separator: " "))]"
        case .object(let object):
            "{\(object.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        }
    }
}

extension DaemonFlags {
    /// What was given on the command line, under the file's names.
    fileprivate var given: [(ConfigFile.CodingKeys, String?)] {
        func list(_ values: [String]) -> String? { values.isEmpty ? nil : "[\(values.joined(separator: " "))]" }
        func number(_ value: Int?) -> String? { value.map { "\($0)" } }
        func flag(_ value: Bool) -> String? { value ? "true" : nil }
        func truth(_ value: Bool?) -> String? { value.map { "\($0)" } }
        let networks: [(ConfigFile.CodingKeys, String?)] = [
            (.bridge, bridge.bridge), (.bip, bridge.bip), (.fixedCIDR, bridge.fixedCidr), (.mtu, number(bridge.mtu)),
            (.icc, truth(bridge.icc)), (.ipMasq, truth(bridge.ipMasq)), (.iptables, truth(bridge.iptables)),
            (.ipForward, truth(bridge.ipForward)), (.ipForwardNoDrop, truth(bridge.ipForwardNoDrop)),
            (.ip, bridge.ip),
            (.defaultAddressPools, list(bridge.defaultAddressPool)), (.cniLists, bridge.cniConfDir),
            (.cniPrograms, list(bridge.cniBinDir)),
        ]
        return networks + [
            (.dataRoot, dataRoot), (.execRoot, execRoot), (.hosts, list(host)), (.storageDriver, storageDriver),
            (.driverCommand, driverCommand),
            (.storageOpts, list(storageOpt)), (.logLevel, logLevel), (.logFormat, logFormat), (.debug, flag(debug)),
            (.logDriver, logDriver), (.logOpts, list(logOpt)), (.cgroupParent, cgroupParent),
            (.execOpts, list(execOpt)),
            (.group, group), (.pidfile, pidfile), (.labels, list(label)), (.liveRestore, flag(liveRestore)),
            (.shutdownTimeout, number(shutdownTimeout)), (.metricsAddr, metricsAddr), (.tls, flag(tls)),
            (.tlsverify, flag(tlsverify)), (.tlscacert, tlscacert), (.tlscert, tlscert), (.tlskey, tlskey),
            (.allowPlainTCP, flag(allowPlainTCP)), (.registryMirrors, list(registryMirror)),
            (.insecureRegistries, list(insecureRegistry)),
            (.maxConcurrentDownloads, number(maxConcurrentDownloads)),
            (.maxConcurrentUploads, number(maxConcurrentUploads)),
            (.maxDownloadAttempts, number(maxDownloadAttempts)), (.runsInit, flag(`init`)),
            (.noNewPrivileges, flag(noNewPrivileges)), (.defaultShmSize, defaultShmSize),
            (.defaultIpcMode, defaultIpcMode), (.defaultCgroupnsMode, defaultCgroupnsMode),
            (.defaultUlimits, list(defaultUlimit)), (.seccompProfile, seccompProfile), (.lxcfs, flag(lxcfs)),
            (.dns, list(dns)), (.usernsRemap, usernsRemap), (.selinuxEnabled, flag(selinuxEnabled)),
            (.dnsOptions, list(dnsOpt)), (.dnsSearch, list(dnsSearch)), (.runtimes, list(addRuntime)),
            (.defaultRuntime, defaultRuntime),
        ]
    }
}
