import NIOCore
import NIOSSL

/// What a server shows of itself over TLS, and whom it lets in.
package struct TLSIdentity: Sendable {
    let context: NIOSSLContext
    /// Whether a client has to show a certificate that the authority has signed.
    package let verifiesClients: Bool

    /// Reads PEM files; with an `authority`, clients have to be known to it.
    package init(certificate: String, key: String, authority: String?) throws(HTTPError) {
        verifiesClients = authority != nil
        let chain = try Self.certificates(certificate, "certificate")
        let secret: NIOSSLPrivateKey
        do { secret = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
            throw .badCertificate(why: "the key \(key) can't be read: \(error)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(secret)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = .seconds(2)
        if let authority {
            // A client's name is its own; that the authority has signed it is what counts.
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(try Self.certificates(authority, "authority's certificate"))
        }
        do { context = try NIOSSLContext(configuration: configuration) } catch {
            throw .badCertificate(why: "certificate \(certificate) and key \(key) don't fit together: \(error)")
        }
    }

    private static func certificates(_ file: String, _ what: String) throws(HTTPError) -> [NIOSSLCertificate] {
        let found: [NIOSSLCertificate]
        do { found = try NIOSSLCertificate.fromPEMFile(file) } catch {
            throw .badCertificate(why: "the \(what) \(file) can't be read: \(error)")
        }
        guard !found.isEmpty else { throw .badCertificate(why: "there is no certificate in \(file)") }
        return found
    }
}
