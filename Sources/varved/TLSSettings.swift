import Glibc
import HTTPServer
import SystemPackage

/// The files that TLS needs, by dockerd's rules.
struct TLSSettings {
    let certificate: String
    let key: String
    /// Only with `tlsverify`: who signs the certificates of clients.
    let authority: String?

    /// Nil where TLS is not asked for.
    init?(_ flags: DaemonFlags, _ file: ConfigFile) throws {
        let verifies = flags.tlsverify || file.tlsverify ?? false
        let named = [
            ("tlscacert", flags.tlscacert ?? file.tlscacert), ("tlscert", flags.tlscert ?? file.tlscert),
            ("tlskey", flags.tlskey ?? file.tlskey),
        ]
        guard verifies || flags.tls || file.tls ?? false else {
            guard let (name, value) = named.first(where: { $0.1 != nil }) else { return nil }
            throw StartFailure(
                "\(name) is \(value ?? ""), but TLS is not on: add --tlsverify, or --tls to let every client in"
            )
        }
        func path(_ place: Int, _ standard: String) throws -> String {
            try Settings.absolute(named[place].1 ?? "\(Self.folder)/\(standard)", named[place].0).string
        }
        authority = verifies ? try path(0, "ca.pem") : nil
        certificate = try path(1, "cert.pem")
        key = try path(2, "key.pem")
    }

    /// Reads the files.
    func identity() throws -> TLSIdentity {
        do { return try TLSIdentity(certificate: certificate, key: key, authority: authority) } catch {
            throw StartFailure("\(error); name the files with --tlscacert, --tlscert and --tlskey")
        }
    }

    /// Where dockerd and docker look.
    private static var folder: String {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        return variable("DOCKER_CERT_PATH") ?? "\(variable("HOME") ?? "/root")/.docker"
    }
}
