import Testing

@testable import HTTPServer

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("unix:///run/s", ListenAddress.unix(path: "/run/s")), ("unix://", .unix(path: "")),
        ("tcp://10.0.0.1:2376", .tcp(host: "10.0.0.1", port: 2376)), ("tcp://[::1]:1", .tcp(host: "::1", port: 1)),
        ("tcp://host", .tcp(host: "host", port: nil)), ("tcp://:2375", .tcp(host: "localhost", port: 2375)),
        ("tcp://", .tcp(host: "localhost", port: nil)), ("127.0.0.1:9323", .tcp(host: "127.0.0.1", port: 9323)),
        ("fd://", .passed(name: nil)), ("fd://*", .passed(name: nil)), ("fd://api.socket", .passed(name: "api.socket")),
    ])
    func understood(_ text: String, _ address: ListenAddress) throws { #expect(try ListenAddress(text) == address) }

    @Test(arguments: [
        "", "/run/s", "http://x:1", "tcp://h:65536", "tcp://h:-1", "tcp://h:1:2", "tcp://h:1/path", "tcp://[::1]x",
        "tcp://::1", "tcp://h:+1", "npipe:////./pipe",
    ])
    func refused(_ text: String) { #expect(throws: HTTPError.self) { try ListenAddress(text) } }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.8.8", true), ("localhost", true), ("::1", true), ("::ffff:127.0.0.1", true),
        ("0.0.0.0", false), ("10.0.0.1", false), ("::", false), ("::ffff:10.0.0.1", false), ("fe80::1", false),
    ])
    func loopback(_ host: String, _ isLoopback: Bool) throws {
        #expect(try TCPAddress(host: host, port: 1).isLoopback == isLoopback)
    }
}
