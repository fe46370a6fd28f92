import DockerAPI
import SystemPackage
import Testing

@testable import Engine

/// Contexts of containers, and which of the host's files never get them.
struct SELinuxTests {
    private let process = "system_u:system_r:container_t:s0:c1,c2"
    private let file = "system_u:object_r:container_file_t:s0:c1,c2"

    private func labels(_ options: [String]) throws -> ContainerLabels {
        try ContainerLabels(options, process: SecurityContext(process), file: SecurityContext(file))
    }

    @Test func contexts() throws {
        let context = try SecurityContext(process)
        #expect(context.type == "container_t" && context.level == "s0:c1,c2" && context.description == process)
        #expect(context.options == ["user:system_u", "role:system_r", "type:container_t", "level:s0:c1,c2"])
        #expect(try SecurityContext("u:r:t").description == "u:r:t" && SecurityContext("u:r:t").options.count == 3)
        for bad in ["", "u:r", "u::t:s0", "kernel"] { #expect(throws: EngineError.self) { try SecurityContext(bad) } }
    }

    @Test func options() throws {
        #expect(try labels([]).process == process && labels([]).mount == file)
        let own = try labels(["user:u", "role:r", "type:t", "filetype:f", "level:s0:c7"])
        #expect(own.process == "u:r:t:s0:c7" && own.mount == "u:object_r:f:s0:c7")
        let none = try labels(["type:t", "disable"])
        #expect(none.process.isEmpty && none.mount == "system_u:object_r:container_file_t:s0:c1022,c1023")
        for bad in ["", "type", "type:", "colour:red"] { #expect(throws: EngineError.self) { try labels([bad]) } }
    }

    @Test(arguments: ["label=type:t", "label:type:t"]) func asTheyAreWritten(option: String) throws {
        #expect(try SecurityOptions([option, "label=disable", "disable"]).labels == ["type:t", "disable", "disable"])
    }

    @Test func policies() throws {
        let text = """
            # a comment
            process = "system_u:system_r:container_t:s0"
              file="system_u:object_r:container_file_t:s0"
            ro_file = "x"
            """
        let selinux = try SELinux(contexts: text)
        selinux.reserve(process, for: "one")
        selinux.release("one")
        #expect(throws: EngineError.self) { try SELinux(contexts: "process = \"u:r:t:s0\"") }
        #expect(throws: EngineError.self) { try SELinux(contexts: "process = \"u\"\nfile = \"u:r:t\"") }
    }

    @Test func ofSeveral() throws {
        #expect(try Relabelling.context(file, isShared: true) == "system_u:object_r:container_file_t:s0")
        #expect(try Relabelling.context(file, isShared: false) == file)
        #expect(try Relabelling.context("u:r:t", isShared: true) == "u:r:t")
    }

    @Test(arguments: ["/", "/usr", "/usr/", "/var/lib/../log", "/etc/passwd", "/home/me"])
    func theHostsOwn(path: String) {
        #expect(throws: EngineError.self) { try Relabelling.check(.init(path), home: "/home/me/") }
    }

    @Test(arguments: ["/usr/local/x", "/var/lib/x", "/srv/data", "/home/you"])
    func othersFiles(path: String) throws { try Relabelling.check(.init(path), home: "/home/me") }

    @Test(
        arguments: [
            ("bind", "", nil), ("bind", "ro,z", true), ("bind", "Z", false), ("volume", "", true),
            ("volume", "ro,Z", false),
        ] as [(String, String, Bool?)]
    )
    func whoseFiles(type: String, mode: String, isShared: Bool?) {
        var point = MountPoint()
        (point.type, point.mode) = (type, mode)
        #expect(point.sharesContext == isShared)
    }

    @Test func notBoth() {
        #expect(Bind("/a:/b:z,Z") == nil && VolumeMount("a:/b:z,Z") == nil && Bind("/a:/b:ro,Z")?.mode == "ro,Z")
    }
}
