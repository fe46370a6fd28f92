import DockerAPI
import RuntimeProtocol
import Testing

@testable import Engine

@Suite struct RuntimesTests {
    @Test(arguments: ["", "varve", "varve-runtime"])
    func ownNames(name: String) throws {
        #expect(try Runtimes().command(name) == nil)
    }

    @Test func addedNames() throws {
        var runtimes = Runtimes()
        try runtimes.add("mine", program: "/usr/bin/mine", arguments: ["--debug"])
        #expect(try runtimes.command("mine") == RuntimeCommand(program: "/usr/bin/mine", arguments: ["--debug"]))
        #expect(runtimes.shown["mine"]?.path == "/usr/bin/mine" && runtimes.shown["mine"]?.runtimeArgs == ["--debug"])
        #expect(runtimes.shown["varve"]?.path == "varve-runtime")
        #expect(throws: EngineError.self) { try runtimes.add("mine", program: "/usr/bin/other") }
        #expect(throws: EngineError.self) { try runtimes.add("varve", program: "/usr/bin/other") }
    }

    /// Its own program counts for more than one that is installed.
    @Test func usualNameOfOnesOwn() throws {
        var runtimes = Runtimes()
        try runtimes.add("runc", program: "/opt/runc")
        #expect(try runtimes.command("runc")?.program == "/opt/runc" && runtimes.shown["runc"]?.path == "/opt/runc")
    }

    @Test(arguments: ["nosuch", "io.containerd.runc.v2", "../../bin/sh", "/usr/bin/runc"])
    func unknownNames(name: String) {
        #expect(throws: EngineError(.invalid, "unknown or invalid runtime name: \(name)")) {
            try Runtimes().check(name)
        }
    }
}
