package import SystemPackage

/// Where networks by CNI plug-ins are described, and where the plug-ins are.
package struct PluginSettings: Sendable, Equatable {
    /// `cni-conf-dir`.
    package var lists: FilePath = "/etc/cni/net.d"
    /// `cni-bin-dir`: the usual one of CNI, Debian's, and Fedora's.
    package var programs: [FilePath] = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"]

    package init() {}
}
