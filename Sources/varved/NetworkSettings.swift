import Engine
import Linux
import Networking
import SystemPackage

extension PluginSettings {
    /// From flags and file.
    init(_ flags: BridgeFlags, _ file: ConfigFile) throws {
        self.init()
        if let text = flags.cniConfDir ?? file.cniLists { lists = try Settings.absolute(text, "cni-conf-dir") }
        let given = flags.cniBinDir.isEmpty ? file.cniPrograms ?? [] : flags.cniBinDir
        if !given.isEmpty { programs = try given.map { try Settings.absolute($0, "cni-bin-dir") } }
        // Plug-ins are told the folders as a list with colons.
        if let folder = programs.first(where: { $0.string.contains(":") }) {
            throw StartFailure("cni-bin-dir '\(folder)' has a colon; name each folder with a flag of its own")
        }
    }
}

extension BridgeSettings {
    /// From flags and file, held to dockerd's rules.
    init(_ flags: BridgeFlags, _ file: ConfigFile) throws {
        self.init()
        name = flags.bridge ?? file.bridge ?? ""
        guard name.utf8.count <= 15, !name.contains("/"), !name.contains(" "), !name.contains("\"") else {
            throw StartFailure("bridge '\(name)' is no name of an interface; it has up to 15 letters")
        }
        if let text = flags.bip ?? file.bip { address = try Self.address(text) }
        guard name.isEmpty || address == nil || name != "none" else {
            throw StartFailure("bip and bridge=none: without a default network it has no address; leave one out")
        }
        if let text = flags.fixedCidr ?? file.fixedCIDR {
            guard let range = AddressRange(text), !range.isIPv6 else {
                throw StartFailure("fixed-cidr '\(text)' is no network; write it as 172.17.1.0/24")
            }
            part = range
        }
        if let bytes = flags.mtu ?? file.mtu, bytes != 0 {
            guard (68...65535).contains(bytes) else { throw StartFailure("mtu is \(bytes); give it 68 to 65535 bytes") }
            mtu = UInt32(bytes)
        }
        isOpen = flags.icc ?? file.icc ?? true
        isMasked = flags.ipMasq ?? file.ipMasq ?? true
        duties.setsRules = flags.iptables ?? file.iptables ?? true
        duties.forwards = flags.ipForward ?? file.ipForward ?? true
        duties.guards = !(flags.ipForwardNoDrop ?? file.ipForwardNoDrop ?? false)
        hostAddress = flags.ip ?? file.ip ?? ""
        guard hostAddress.isEmpty || IPAddress(hostAddress) != nil else {
            throw StartFailure("ip: '\(hostAddress)' is no IP address")
        }
        let given = try flags.defaultAddressPool.map(Self.pool) + (file.defaultAddressPools ?? []).map(Self.pool)
        if !given.isEmpty { pools = given }
    }

    private static func address(_ text: String) throws -> InterfaceAddress {
        let parts = text.split(separator: "/")
        guard let range = AddressRange(text), !range.isIPv6, range.bits <= 30, let own = IPAddress(String(parts[0])),
            own.bytes != range.first
        else { throw StartFailure("bip '\(text)' is no address of a network; write it as 172.17.0.1/16") }
        return InterfaceAddress(own, bits: range.bits)
    }

    /// `base=10.10.0.0/16,size=24`.
    private static func pool(_ text: String) throws -> SubnetPool {
        var fields: [String: String] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { fields[pair[0]] = pair[1] }
        }
        return try pool(fields["base"] ?? "", Int(fields["size"] ?? "") ?? -1)
    }

    private static func pool(_ given: ConfigFile.Pool) throws -> SubnetPool { try pool(given.base, given.size) }

    private static func pool(_ base: String, _ size: Int) throws -> SubnetPool {
        guard let range = AddressRange(base), range.isPlain, size >= range.bits, size <= (range.isIPv6 ? 126 : 30)
        else {
            throw StartFailure(
                "default-address-pools: base '\(base)' with size \(size) makes no networks; write it as "
                    + "base=10.10.0.0/16,size=24"
            )
        }
        return SubnetPool(range, size: size)
    }
}
