package import OCI

/// Which entry of a list of manifests is for a platform.
package enum PlatformChoice {
    /// The manifest for `wanted`; throws Docker's words where there is none.
    package static func manifest(in index: Index, for wanted: Platform, _ name: String) throws -> Descriptor {
        let fitting = index.manifests.compactMap { descriptor -> (Descriptor, Int)? in
            guard let platform = descriptor.platform else { return (descriptor, 100) }
            guard platform.os == wanted.os, platform.architecture == wanted.architecture,
                let distance = distance(platform.variant, wanted)
            else { return nil }
            return (descriptor, distance)
        }
        guard let best = fitting.min(by: { $0.1 < $1.1 }) else {
            let asked = [wanted.os, wanted.architecture, wanted.variant].compactMap { $0 }.joined(separator: "/")
            throw RegistryError.unsupported(
                name: name,
                reason: "no matching manifest for \(asked) in the manifest list entries of \(name)"
            )
        }
        return best.0
    }

    /// How far a variant is from what would be best; nil where it does not run.
    private static func distance(_ variant: String?, _ wanted: Platform) -> Int? {
        // What they are where nobody says: containerd's `platforms.Normalize`.
        let standard = ["arm64": "v8", "arm": "v7", "amd64": "v1"][wanted.architecture]
        let asked = wanted.variant ?? standard
        let offered = variant.flatMap { $0.isEmpty ? nil : $0 } ?? standard
        if offered == asked { return 0 }
        guard let asked = asked.flatMap(number), let offered = offered.flatMap(number) else { return nil }
        // A newer processor runs what is for an older one.
        return offered < asked ? asked - offered : nil
    }

    private static func number(_ variant: String) -> Int? { variant.hasPrefix("v") ? Int(variant.dropFirst()) : nil }

    /// `linux/arm64/v8`; nil where it is no platform.
    package static func parse(_ text: String) -> Platform? {
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else { return nil }
        if parts.count == 1 {
            return parts[0] == "linux" ? .host : Platform(architecture: normal(parts[0]), os: "linux")
        }
        return Platform(
            architecture: normal(parts[1]),
            os: parts[0],
            variant: parts.count == 3 ? parts[2] : nil
        )
    }

    private static func normal(_ architecture: String) -> String {
        ["x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"][architecture]
            ?? architecture
    }
}
