import Glibc

/// The flags in front of the verb.
enum GlobalFlags {
    static let version = "varve 0.1.0"
    private static let options = ["-H", "--host", "--config", "-c", "--context", "-l", "--log-level"]
    private static let switches = ["-D", "--debug"]
    private static let security = ["--tls", "--tlscacert", "--tlscert", "--tlskey", "--tlsverify"]

    /// Takes them off the front, into the environment that the rest looks at.
    static func take(_ arguments: inout [String]) throws {
        while let first = arguments.first, first.hasPrefix("-") {
            let name = String(first.prefix { $0 != "=" })
            if first == "-v" || first == "--version" {
                put(version + "\n")
                leave(0)
            }
            if switches.contains(name) {
                arguments.removeFirst()
            } else if security.contains(name) {
                throw Failure(message: "\(name): varve speaks to UNIX sockets only, which need no TLS; leave it out")
            } else if options.contains(name) {
                arguments.removeFirst()
                let value: String
                if name.count < first.count {
                    value = String(first.dropFirst(name.count + 1))
                } else {
                    guard !arguments.isEmpty else { throw Failure(message: "flag needs an argument: \(name)") }
                    value = arguments.removeFirst()
                }
                try set(name, value)
            } else {
                return
            }
        }
    }

    private static func set(_ name: String, _ value: String) throws {
        switch name {
        case "-H", "--host": setenv("VARVE_HOST", value, 1)
        case "--config": setenv("DOCKER_CONFIG", value, 1)
        case "-c", "--context":
            guard value == "default" else {
                throw Failure(
                    message: "context \"\(value)\": varve has no contexts but default; name the socket with -H"
                )
            }
        default: break
        }
    }
}
