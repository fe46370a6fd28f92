import FoundationEssentials
import OCI
import Registry
import Storage

/// What an image is for: here each name stands for one image, for one platform.
enum ImagePlatform {
    /// Throws where it is not for `wanted`; a variant counts where both name one.
    static func check(_ made: ImageConfig, _ name: String, isFor wanted: Platform) throws {
        let variants = [made.variant, wanted.variant ?? ""].filter { !$0.isEmpty }
        let made = plain(made)
        let isSame = made.os == wanted.os && made.architecture == wanted.architecture && Set(variants).count < 2
        guard !isSame else { return }
        throw EngineError(
            .notFound,
            "image with reference \(name) was found but its platform (\(shown(made.os, made.architecture, made.variant))) "
                + "does not match the specified platform (\(shown(wanted.os, wanted.architecture, wanted.variant)))"
        )
    }

    /// What `text` names, as `linux/arm64/v8`; nil where it is nothing.
    static func parse(_ text: String?) throws -> Platform? {
        guard let text, !text.isEmpty else { return nil }
        guard let platform = PlatformChoice.parse(text) else {
            throw EngineError(.invalid, "\"\(text)\" is no platform; write it as linux/amd64 or linux/arm64/v8")
        }
        return platform
    }

    /// Docker's warning, where the image is not for this host.
    static func warnings(_ made: ImageConfig) -> [String] {
        let (made, host) = (plain(made), Platform.host)
        // What the processor runs too.
        let fitting = [host.architecture, ["amd64": "386", "arm64": "arm"][host.architecture]]
        if made.architecture.isEmpty || (made.os == host.os && fitting.contains(made.architecture)) { return [] }
        return [
            "The requested image's platform (\(shown(made.os, made.architecture, made.variant))) does not match the detected "
                + "host platform (\(shown(host.os, host.architecture, host.variant))) and no specific platform was requested"
        ]
    }

    /// With the names of today, and what images of other makers leave out.
    private static func plain(_ made: ImageConfig) -> ImageConfig {
        var made = made
        if made.os.isEmpty { made.os = Platform.host.os }
        let parsed = PlatformChoice.parse("\(made.os)/\(made.architecture)")
        made.architecture = parsed?.architecture ?? made.architecture
        return made
    }

    private static func shown(_ os: String, _ architecture: String, _ variant: String?) -> String {
        [os, architecture, variant ?? ""].filter { !$0.isEmpty }.joined(separator: "/")
    }
}

extension Engine {
    /// Throws where an image is not for the platform that JSON names: `{"os":"linux","architecture":"arm64"}`.
    package func check(image name: String, isFor json: String?) async throws {
        guard let json, !json.isEmpty else { return }
        guard let wanted = try? JSONDecoder().decode(Platform.self, from: Data(json.utf8)) else {
            throw EngineError(.invalid, "invalid platform: '\(json)' is no JSON object with os and architecture")
        }
        let image = try await onStore { try $0.image(named: name) }
        try ImagePlatform.check(image.config, name, isFor: wanted)
    }
}
