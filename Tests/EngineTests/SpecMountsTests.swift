import DockerAPI
import OCI
import SystemPackage
import Testing

@testable import Engine

/// What is mounted, and in which order.
struct SpecMountsTests {
    @Test func mountsParentsFirst() {
        var host = HostConfig()
        host.binds = ["/x:/a/b/c", "/y:/a"]
        host.tmpfs = ["/a/b": "size=1m"]
        let own = destinations(host).filter { $0.hasPrefix("/a") }
        #expect(own == ["/a", "/a/b", "/a/b/c"])
    }

    @Test func replacesADefaultByWhatTheUserAsksFor() {
        var host = HostConfig()
        host.binds = ["/x:/etc/hosts", "/y:/dev/shm"]
        let mounts = SpecMounts.all(record, host)
        #expect(mounts.filter { $0.destination == "/etc/hosts" }.map(\.source) == ["/x"])
        #expect(mounts.filter { $0.destination == "/dev/shm" }.map(\.source) == ["/y"])
    }

    @Test func leavesAllOfDevToTheUser() {
        var host = HostConfig()
        host.binds = ["/dev:/dev"]
        #expect(destinations(host).filter { $0.hasPrefix("/dev") } == ["/dev"])
    }

    @Test func makesItsOwnFilesReadOnlyWithTheRoot() {
        var host = HostConfig()
        host.readonlyRootfs = true
        let own = SpecMounts.all(record, host).filter { $0.destination.hasPrefix("/etc/") }
        #expect(own.count == 3 && own.allSatisfy { $0.options?.contains("ro") == true })
    }

    @Test func makesSysWritableForThePrivilegedOnly() {
        func options(_ host: HostConfig) -> [String] {
            SpecMounts.all(record, host).first { $0.destination == "/sys" }?.options ?? []
        }
        var host = HostConfig()
        #expect(options(host).contains("ro"))
        host.privileged = true
        #expect(options(host).contains("rw"))
    }

    @Test func writesModesInOctal() {
        var options = TmpfsOptions()
        options.sizeBytes = 4096
        options.mode = 0o1750
        var mount = MountRequest()
        mount.type = "tmpfs"
        mount.target = "/t"
        mount.tmpfsOptions = options
        var host = HostConfig()
        host.mounts = [mount]
        let made = SpecMounts.all(record, host).first { $0.destination == "/t" }
        #expect(made?.options?.contains("mode=1750") == true)
        #expect(made?.options?.contains("size=4096") == true)
    }

    @Test func readsBinds() {
        let plain = Bind("/s:/d")
        #expect(plain?.source == "/s")
        #expect(plain?.destination == "/d")
        #expect(plain?.isReadOnly == false)
        #expect(plain?.propagation == "rprivate")
        let full = Bind("/s:/d:ro,rslave,z")
        #expect(full?.isReadOnly == true)
        #expect(full?.propagation == "rslave")
        #expect(full?.mode == "ro,rslave,z")
    }

    @Test(arguments: ["", "/s", "/s:", "volume:/d", "/s:d", "/s:/", "/s:/d:nonsense", "/s:/d:ro:z", "s:/d"])
    func refusesWhatIsNoBind(text: String) { #expect(Bind(text) == nil) }

    private func destinations(_ host: HostConfig) -> [String] { SpecMounts.all(record, host).map(\.destination) }

    private var record: ContainerRecord {
        ContainerRecord(
            id: "abc",
            name: "n",
            created: "",
            folder: "/c",
            config: ContainerConfig(),
            image: "sha256:1",
            driver: "vfs"
        )
    }
}
