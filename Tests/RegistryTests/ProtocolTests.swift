import OCI
import Testing

@testable import Registry

@Suite("What registries say, and what is asked of whom")
struct ProtocolTests {
    @Test("challenges, several in one header, quoted or not")
    func challenges() {
        let header =
            #"Bearer realm="https://auth.example.com/token?a=1,2",service=x, scope="repository:a/b:pull,push","#
            + #"error="not \"yours\"", Basic realm=plain"#
        let wanted = [
            Challenge(
                scheme: "bearer",
                parameters: [
                    "realm": "https://auth.example.com/token?a=1,2", "service": "x",
                    "scope": "repository:a/b:pull,push", "error": #"not "yours""#,
                ]
            ), Challenge(scheme: "basic", parameters: ["realm": "plain"]),
        ]
        #expect(Challenge.parse(header) == wanted)
        #expect(Challenge.parse("") == [])
        #expect(Challenge.parse("Negotiate").map(\.scheme) == ["negotiate"])
    }

    @Test("the next page of a list is asked of the same server, whatever it says")
    func pages() {
        let next = "tags/list?n=2&last=b"
        #expect(RemoteRepository.following(#"</v2/a/tags/list?n=2&last=b>; rel="next""#) == next)
        #expect(RemoteRepository.following(#"<http://10.0.0.1/v2/x/tags/list?n=2&last=b>; rel=next"#) == next)
        #expect(RemoteRepository.following(#"</v2/a/tags/list?n=2>; rel="prev""#) == nil)
        #expect(RemoteRepository.following(#"</v2/a/tags/list>; rel="next""#) == nil)
        #expect(RemoteRepository.following(nil) == nil)
    }

    @Test(
        "credentials come in either alphabet, padded or not",
        arguments: [
            #"{"username":"a","password":"?>~"}"#, #"{"username":"a","password":"?>~","serveraddress":"x"}"#,
            #"{"auth":"YTo/Pn4="}"#, #"{"auth":"YTo_Pn4"}"#,
        ]
    )
    func credentials(_ json: String) throws {
        let found = try #require(Credentials(json: Array(json.utf8)))
        #expect((found.username, found.password) == ("a", "?>~"))
        var text: [UInt8] = []
        Array(json.utf8).withUnsafeBytes { Base64.encode($0, to: &text) }
        let padded = String(decoding: text, as: UTF8.self)
        let plain = String(padded.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
        for header in [padded, plain] { #expect(Credentials(header: header) == found) }
        #expect(Credentials(header: "no base64!") == nil)
        #expect(Credentials(json: Array("[]".utf8)) == nil)
        #expect(Credentials(header: "e30=")?.isEmpty == true)
    }

    @Test("Docker Hub is asked through its mirrors; who is insecure may have any certificate, or none")
    func endpoints() {
        var settings = RegistrySettings()
        settings.mirrors = ["https://mirror.example.com/"]
        settings.insecure = ["plain.example.com:5000", "10.0.0.0/8", "fd00::/8"]
        func bases(_ domain: String) -> [String] { settings.endpoints(of: domain).map(\.base) }
        #expect(bases("docker.io") == ["https://mirror.example.com", "https://registry-1.docker.io"])
        #expect(settings.endpoints(of: "docker.io").map(\.isMirror) == [true, false])
        for host in ["plain.example.com:5000", "10.9.8.7", "127.0.0.1:5000", "[::1]:5000", "[fd12::3]", "localhost:1"] {
            #expect(bases(host) == ["https://\(host)", "http://\(host)"])
        }
        for host in ["11.0.0.1", "[fe80::1]:5000", "192.0.2.1:5000"] {
            #expect(settings.endpoints(of: host) == [Endpoint(base: "https://\(host)")])
        }
    }

    private static let index = Index(
        manifests: [
            ("unknown", "unknown", nil), ("linux", "amd64", nil), ("linux", "arm", "v5"), ("linux", "arm", "v7"),
            ("linux", "arm64", "v8"), ("windows", "amd64", nil), ("linux", "amd64", "v3"),
        ].enumerated().compactMap { number, platform in
            let digit = String(number, radix: 16)
            return Digest(hex: String(repeating: digit, count: 64)).map { digest in
                Descriptor(
                    mediaType: MediaType.manifest,
                    digest: digest,
                    size: 1,
                    platform: Platform(architecture: platform.1, os: platform.0, variant: platform.2)
                )
            }
        }
    )

    @Test(
        "the manifest for a platform, of the best variant that it runs",
        arguments: [
            ("linux/amd64", 1), ("linux/arm64", 4), ("linux/arm64/v8", 4), ("linux/arm", 3), ("linux/arm/v6", 2),
            ("linux/arm/v7", 3), ("linux/amd64/v3", 6), ("linux/amd64/v4", 6), ("linux/aarch64", 4),
        ]
    )
    func platforms(_ text: String, _ number: Int) throws {
        let platform = try #require(PlatformChoice.parse(text))
        let chosen = try PlatformChoice.manifest(in: Self.index, for: platform, "app")
        #expect(chosen.digest == Self.index.manifests[number].digest)
    }

    @Test("none for this platform is said in Docker's words", arguments: ["linux/riscv64", "linux/arm64/v7"])
    func noPlatform(_ text: String) throws {
        let platform = try #require(PlatformChoice.parse(text))
        let error = #expect(throws: RegistryError.self) {
            try PlatformChoice.manifest(in: Self.index, for: platform, "app")
        }
        #expect(error?.description.contains("no matching manifest for \(text) in the manifest list entries") == true)
        for bad in ["", "linux/", "a/b/c/d"] { #expect(PlatformChoice.parse(bad) == nil) }
    }
}
