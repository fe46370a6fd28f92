import Cgroups
import Glibc
import Linux
import SystemPackage
import Testing

/// On this host's own control groups, v1 or v2.
struct ControlGroupTests {
    private let hierarchies: Hierarchies

    init() throws { hierarchies = try Hierarchies() }

    @Test(arguments: ["", "/", "..", "a/../b", "/varve/.", "./a"])
    func aPathThatLeavesTheTreeIsRefused(path: String) {
        #expect(throws: SystemError.self) { try ControlGroup(path, in: hierarchies) }
    }

    /// Groups that were made are there, have nobody in them and count nothing; removed they are gone.
    @Test func comeAndGo() throws {
        try #require(hierarchies.version != nil, "this host has no control groups mounted")
        let name = "varve-test-\(getpid())-come"
        let group = try ControlGroup("\(name)/box", in: hierarchies)
        try group.make()
        try group.make()
        #expect(try group.processes().isEmpty)
        #expect(group.pids.current == 0)
        #expect(group.cpu.total == 0)
        #expect(!group.isFrozen)
        try group.freeze()
        #expect(group.isFrozen)
        try group.thaw()
        #expect(!group.isFrozen)
        try group.remove()
        try group.remove()
        #expect(group.pids.current == nil)
        try ControlGroup(name, in: hierarchies).remove()
    }

    /// Whoever is still in a group, or in one below it, ends with it.
    @Test func processesEndWithTheirGroup() throws {
        try #require(hierarchies.version != nil, "this host has no control groups mounted")
        let name = "varve-test-\(getpid())-end"
        let group = try ControlGroup("\(name)/box", in: hierarchies)
        let inner = try ControlGroup("\(name)/box/inner", in: hierarchies)
        try inner.make()
        let sleep = try #require(Command.find("sleep"))
        let pid = try startProgram(sleep, ["sleep", "600"], descriptors: [], inheritsEnvironment: true)
        try inner.add(pid)
        #expect(try group.processes() == [pid])
        try group.remove()
        var status: CInt = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(status & 0x7f == SIGKILL)
        try ControlGroup(name, in: hierarchies).remove()
    }
}
