import OCI

/// What containers may ask the kernel for where nobody says otherwise: the system calls that Docker's default profile
/// allows, under the same conditions. All others fail with EPERM, so that a hole in a call that few programs need is not one
/// that containers get to.
extension SeccompProfile {
    package static let standard: SeccompProfile = {
        var profile = SeccompProfile(defaultAction: "SCMP_ACT_ERRNO")
        profile.defaultErrnoRet = 1
        profile.archMap = [
            SeccompProfile.Architectures("SCMP_ARCH_X86_64", with: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
            SeccompProfile.Architectures("SCMP_ARCH_AARCH64", with: ["SCMP_ARCH_ARM"]),
        ]
        profile.syscalls = [SeccompProfile.Rule(words(always))] + conditional + sockets + personalities + clones
        for (capabilities, calls) in withCapability {
            for capability in words(capabilities) {
                var rule = SeccompProfile.Rule(words(calls))
                rule.includes = SeccompProfile.Conditions(caps: [capability])
                profile.syscalls?.append(rule)
            }
        }
        return profile
    }()

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private static let conditional: [Rule] = [
        ("process_vm_readv process_vm_writev ptrace", Conditions(minKernel: "4.8")),
        ("arch_prctl", Conditions(arches: ["amd64", "x32"])),
        ("modify_ldt", Conditions(arches: ["amd64", "x32", "x86"])),
        (
            "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
            Conditions(arches: ["arm", "arm64"])
        ),
    ].map { calls, conditions in
        var rule = Rule(words(calls))
        rule.includes = conditions
        return rule
    }

    /// All families but two: AF_ALG (38) reaches the kernel's cryptography, AF_VSOCK (40) the virtual machine's host, which
    /// has no namespaces.
    ///
    /// By their numbers: a filter sees 64 bits where the kernel takes 32, so that "more than 40" would let both in.
    private static let sockets: [Rule] = ([("SCMP_CMP_LT", 38)] + [39, 41, 42, 43, 44, 45].map { ("SCMP_CMP_EQ", $0) })
        .map {
            Rule(["socket"], args: [RuntimeSyscallArgument(index: 0, $0.0, $0.1)])
        }

    /// Linux, 32 bits of it or addresses that are not shuffled, and the question which it is.
    private static let personalities: [Rule] = [0, 8, 0x20000, 0x20008, 0xffff_ffff].map {
        Rule(["personality"], args: [RuntimeSyscallArgument(index: 0, "SCMP_CMP_EQ", $0)])
    }

    /// Processes and threads, but no new namespaces: `clone3` has its flags where no filter sees them, and C libraries take
    /// ENOSYS for a reason to use `clone`.
    private static let clones: [Rule] = {
        let namespaces: UInt64 = 0x7e02_0000
        var clone = Rule(["clone"], args: [RuntimeSyscallArgument(index: 0, "SCMP_CMP_MASKED_EQ", namespaces, 0)])
        clone.excludes = Conditions(caps: ["CAP_SYS_ADMIN"])
        var clone3 = Rule(["clone3"], action: "SCMP_ACT_ERRNO")
        clone3.errnoRet = 38
        clone3.excludes = Conditions(caps: ["CAP_SYS_ADMIN"])
        return [clone, clone3]
    }()

    /// Calls that a container has with a capability; the kernel still asks for that itself.
    private static let withCapability: KeyValuePairs<String, String> = [
        "CAP_DAC_READ_SEARCH": "open_by_handle_at",
        "CAP_SYS_ADMIN": """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
        lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl
        quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
        """,
        "CAP_SYS_BOOT": "reboot",
        "CAP_SYS_CHROOT": "chroot",
        "CAP_SYS_MODULE": "delete_module finit_module init_module",
        "CAP_SYS_PACCT": "acct",
        "CAP_SYS_PTRACE": "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
        "CAP_SYS_RAWIO": "ioperm iopl",
        "CAP_SYS_TIME": "clock_settime clock_settime64 settimeofday stime",
        "CAP_SYS_TTY_CONFIG": "vhangup",
        "CAP_SYS_NICE": "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
        "CAP_SYSLOG": "syslog",
        "CAP_BPF": "bpf",
        "CAP_PERFMON": "perf_event_open",
    ]

    private static let always = """
        _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown
        chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
        clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
        epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
        eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark
        fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock
        fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex
        futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu
        getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
        getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid
        getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr
        getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents
        io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule
        landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount
        listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack
        membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2
        mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
        mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap
        name_to_handle_at nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2
        pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64
        process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
        recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat
        renameat2 restart_syscall riscv_hwprobe rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
        rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max
        sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
        sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
        sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile
        sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsgid32
        setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32
        setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32
        setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn
        socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync
        sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime
        timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
        timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat
        uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
        """
}
