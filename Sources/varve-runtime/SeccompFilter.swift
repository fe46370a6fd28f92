import CLinux
import Linux
import OCI
import Seccomp
import SystemPackage

/// The program that the kernel asks at each system call of the container; none where the container is not filtered.
///
/// The monitor keeps it in its memory, as long as it lives: execs get it too, and nobody writes to it meanwhile.
struct SeccompFilter {
    private var program: [UInt8] = []
    private var flags: UInt32 = 0

    init() {}

    /// Makes the program for a container whose configuration has the rules; it is kept in `seccomp` of the working folder,
    /// and noted in `spec` in place of them.
    static func make(_ spec: inout RuntimeSpec) throws {
        guard let rules = spec.linux?.seccomp else { return }
        guard (rules.listenerPath ?? "").isEmpty else { throw StepError("linux.seccomp.listenerPath is not there") }
        let program = try SeccompProgram(rules)
        try writeFile(program.instructions, to: "seccomp", mode: .ownerReadWrite)
        spec.linux?.seccomp = nil
        spec.annotations = (spec.annotations ?? [:]).merging(["io.varve.seccomp": "\(program.flags)"]) { $1 }
    }

    init(_ spec: RuntimeSpec) throws {
        guard let text = spec.annotations?["io.varve.seccomp"] else { return }
        guard let flags = UInt32(text) else { throw StepError("io.varve.seccomp is \(text), and no number") }
        self.flags = flags
        // In the bundle, which is the working folder.
        program = try readFile("seccomp")
        // The kernel takes 4096 instructions at most.
        guard (8...4096 * 8).contains(program.count), program.count % 8 == 0 else {
            throw StepError("the filter is no program")
        }
    }

    /// From here on what it forbids this process can't do either. (man 2 seccomp: needs CAP_SYS_ADMIN or no_new_privs)
    func load() throws {
        if program.isEmpty { return }
        try sys("load the seccomp filter") { linux_seccomp(program, program.count, flags) }
    }
}
