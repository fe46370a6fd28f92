import Linux
import SystemPackage
import Testing

@testable import RemoteDriver

@Suite struct AddressTests {
    @Test func specIsOneAddress() throws {
        let address = try PluginAddress(spec: Array(" unix:///run/x.sock\n".utf8), of: "x")
        #expect(address.socket == "/run/x.sock")
        for text in ["", "unix:///a unix:///b", "tcp://127.0.0.1:1", "unix://relative", "/run/x.sock"] {
            #expect(throws: PluginAddressError.self) { try PluginAddress(spec: Array(text.utf8), of: "x") }
        }
    }

    @Test func jsonNamesItsAddress() throws {
        let text = #"{"Name": "other", "Addr": "unix:///run/y.sock", "TLSConfig": {"CAFile": "x"}}"#
        #expect(try PluginAddress(json: Array(text.utf8), of: "y").socket == "/run/y.sock")
        #expect(throws: PluginAddressError.self) { try PluginAddress(json: Array("{}".utf8), of: "y") }
    }

    @Test(arguments: [
        ("btrfs", true), ("a.b-c_d", true), ("", false), ("../x", false), (".x", false), ("a/b", false),
        ("image", false),
    ])
    func namesAreThoseOfFolders(name: String, isGood: Bool) {
        #expect(PluginFolders.isName(name) == isGood)
    }

    @Test func filesAreFoundInOrder() throws {
        let folder = try AtomicFolder(in: "/var/tmp", prefix: "plugins-")
        defer { try? folder.cancel() }
        let (first, second) = (folder.path.appending("first"), folder.path.appending("second"))
        for path in [first, second.appending("p")] { try makeFolders(path, mode: FilePermissions(rawValue: 0o755)) }
        try write("unix:///second", second.appending("p").appending("p.spec"))
        let folders = PluginFolders(own: folder.path.appending("none"), sockets: [], files: [first, second])
        #expect(try folders.find("p")?.socket == "/second")
        try write(#"{"Addr": "unix:///first"}"#, first.appending("p.json"))
        #expect(try folders.find("p")?.socket == "/first")
        #expect(try folders.find("q") == nil)
        #expect(folders.names == ["p"])
    }

    private func write(_ text: String, _ path: FilePath) throws {
        try writeFile(Array(text.utf8), to: path, mode: FilePermissions(rawValue: 0o644))
    }
}
