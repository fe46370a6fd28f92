/// What this runtime can do, whatever the host can (runtime-spec, `features.md`).
struct Features: Encodable {
    struct Linux: Encodable {
        struct Cgroup: Encodable {
            let v1 = true
            let v2 = true
            let systemd = false
            let systemdUser = false
            let rdma = false
        }

        struct Seccomp: Encodable {
            let enabled = true
            let actions = [
                "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
            ]
            let operators = [
                "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
                "SCMP_CMP_NE",
            ]
            let archs = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"]
            let knownFlags = [
                "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
            ]
            let supportedFlags = [
                "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
            ]
        }

        struct Switch: Encodable {
            let enabled: Bool
        }

        struct Mounts: Encodable {
            let idmap = Switch(enabled: false)
        }

        let namespaces = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
        let capabilities = Credentials.names
        let cgroup = Cgroup()
        let seccomp = Seccomp()
        let apparmor = Switch(enabled: true)
        let selinux = Switch(enabled: true)
        let intelRdt = Switch(enabled: false)
        let mountExtensions = Mounts()
    }

    let ociVersionMin = "1.0.0"
    let ociVersionMax = "1.2.0"
    let hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
    let mountOptions = MountOptions.known
    let linux = Linux()
    let annotations = ["io.varve.runtime.version": "0.1.0", "org.opencontainers.runc.checkpoint.enabled": "false"]
    let potentiallyUnsafeConfigAnnotations: [String] = []
}
