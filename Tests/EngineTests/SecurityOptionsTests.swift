import Testing

@testable import Engine

/// What `--security-opt` says.
struct SecurityOptionsTests {
    @Test(arguments: ["no-new-privileges", "no-new-privileges=true", "no-new-privileges:true", "no-new-privileges=1"])
    func noNewPrivileges(option: String) throws {
        #expect(try SecurityOptions([option]).noNewPrivileges == true)
        #expect(try SecurityOptions(["no-new-privileges=false"]).noNewPrivileges == false)
        #expect(try SecurityOptions([]).noNewPrivileges == nil)
    }

    @Test func profiles() throws {
        #expect(try SecurityOptions(["seccomp=unconfined"]).seccomp == .unconfined)
        #expect(try SecurityOptions(["seccomp:builtin"]).seccomp == .builtin)
        #expect(try SecurityOptions([#"seccomp={"a":"b=c:d"}"#]).seccomp == .profile(#"{"a":"b=c:d"}"#))
        #expect(try SecurityOptions(["seccomp="]).seccomp == nil)
    }

    @Test(arguments: ["", "x", "x=1", "no-new-privileges=x", "seccomp"])
    func unknown(option: String) { #expect(throws: EngineError.self) { try SecurityOptions([option]) } }

    /// What this does not know in a container of another engine takes nothing away that it does know.
    @Test func othersKeepWhatIsKnown() {
        let options = SecurityOptions(checked: [
            "nonsense", "no-new-privileges", "x=y", "seccomp=unconfined", "writable-cgroups",
        ])
        #expect(options.noNewPrivileges == true && options.seccomp == .unconfined)
    }
}
