import HTTPServer
import Linux
import Logging
import SystemPackage

/// Opens what clients come to.
struct Listening: Sendable {
    private let addresses: [ListenAddress]
    private let metrics: ListenAddress?
    private let group: String
    private let allowsPlainTCP: Bool
    private let log: Logger
    private let tls: TLSIdentity?

    /// Reads the certificates and finds names out; throws where something may not be listened on.
    init(_ settings: Settings, _ log: Logger) throws {
        (addresses, metrics, group) = (settings.listen, settings.metrics, settings.group)
        (allowsPlainTCP, self.log) = (settings.allowsPlainTCP, log)
        tls = try settings.tls?.identity()
        for case .tcp(let host, let port) in addresses { try check(address(host, port)) }
        if case .tcp(let host, .some(let port)) = metrics { _ = try TCPAddress(host: host, port: port) }
    }

    func open(on server: Server, _ passed: PassedSockets) async throws {
        var passed = passed
        for address in addresses {
            switch address {
            case .unix(let path):
                try makeFolders(FilePath(path).removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
                try await server.listen(unix: path, group: group)
                log.info("API listen on \(path)")
            case .tcp(let host, let port): try await listen(server, try self.address(host, port))
            case .passed(let name):
                for socket in try passed.take(name) { try await listen(server, socket) }
            }
        }
        let rest = passed.closeRest()
        guard rest > 0 else { return }
        log.warning("sockets were passed on that no fd:// asks for; they are closed", metadata: ["sockets": "\(rest)"])
    }

    /// Figures, on an address of their own.
    func open(figuresOn server: Server) async throws {
        guard case .tcp(let host, .some(let port)) = metrics else { return }
        let address = try await server.listen(tcp: TCPAddress(host: host, port: port))
        log.info("metrics listen on \(address)")
    }

    private func listen(_ server: Server, _ address: TCPAddress) async throws {
        try check(address)
        let bound = try await server.listen(tcp: address, tls: tls)
        log.info("API listen on \(bound)", metadata: ["tls": "\(tls != nil)"])
    }

    private func listen(_ server: Server, _ socket: FileDescriptor) async throws {
        let address = try TCPAddress(of: socket)
        if let address { try check(address) }
        try await server.listen(passed: socket, tls: address == nil ? nil : tls)
        log.info("API listen on \(address.map { "\($0)" } ?? "a UNIX socket") that was passed on")
    }

    private func address(_ host: String, _ port: Int?) throws -> TCPAddress {
        try TCPAddress(host: host, port: port ?? (tls == nil ? 2375 : 2376))
    }

    /// Who speaks to the daemon is root: nobody is to be let in by mistake.
    private func check(_ address: TCPAddress) throws {
        if let tls {
            guard !tls.verifiesClients else { return }
            return log.warning("clients need no certificate here: whoever gets to \(address) is root; use --tlsverify")
        }
        guard address.isLoopback || allowsPlainTCP else {
            throw StartFailure(
                "refusing to listen on tcp://\(address) without TLS: whoever gets there is root on this machine; add "
                    + "--tlsverify with certificates, listen on 127.0.0.1, or accept it with --allow-plain-tcp"
            )
        }
        log.warning("no TLS on \(address): every user and program that gets there is root; use --tlsverify")
    }
}
