import CLinux
import Glibc
import Linux
import SystemPackage

/// What the daemon needs of its own process, and of the machine.
enum Host {
    static func requireRoot() throws {
        guard geteuid() == 0 else {
            throw StartFailure(
                "the daemon needs to be started with root privileges: it mounts file systems and makes namespaces; "
                    + "run it as root, for example with sudo"
            )
        }
    }

    /// Files get the modes that are asked for, limits are as high as they can be, and a crash says where it was.
    static func prepareProcess() {
        linux_tell_of_crash()
        umask(0o022)
        signal(SIGPIPE, SIG_IGN)
        raiseLimits()
    }

    /// As many descriptors as the machine allows, and stacks for the deepest trees there may be.
    static func raiseLimits() {
        // A lower limit means fewer clients at once, and that trees so deep can't be compared, no more.
        try? OpenFiles.raiseLimit()
        try? OSThread.raiseDefaultStackSize()
    }

    /// The signals that the daemon is driven by, kept from this and all later threads until `wait`. (man 3 sigwait)
    struct Signals: Sendable {
        enum Signal { case end(name: String, number: CInt), reload }
        private var set = sigset_t()

        init() {
            sigemptyset(&set)
            for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
            pthread_sigmask(SIG_BLOCK, &set, nil)
        }

        /// Returns when one of them came.
        func wait() -> Signal {
            var number: CInt = 0
            var set = set
            while sigwait(&set, &number) != 0 {}
            return number == SIGHUP ? .reload : .end(name: number == SIGTERM ? "SIGTERM" : "SIGINT", number: number)
        }
    }

    /// Makes the data root, 0710 as Docker's: others can't look in, but what they may see below, they can reach.
    static func makeDataRoot(_ path: FilePath) throws {
        guard !exists(path) || isFolder(path) else {
            throw StartFailure("the data root \(path) is a file; remove it, or choose another with --data-root")
        }
        let isNew = !exists(path)
        do {
            try makeFolders(path, mode: FilePermissions(rawValue: 0o755))
            if isNew { try sys("set the mode of \(path)") { chmod(path.string, 0o710) } }
        } catch {
            throw StartFailure("can't make the data root \(path): \(error); choose another with --data-root")
        }
    }

    /// Throws where the folder for containers with ids of their own is dockerd's: in that, layers have the mapped owners.
    static func refuseMapped(_ path: FilePath) throws {
        var status = stat()
        guard lstat(path.string, &status) == 0, status.st_uid != 0 || status.st_gid != 0 else { return }
        throw StartFailure(
            "\(path) is dockerd's, whose layers have the owners that userns-remap gives them; varve's keep those of images: "
                + "choose another --data-root (or, if varve made it and dockerd only opened it, chown root: \(path))"
        )
    }

    /// Finds `varve-runtime`: beside this program, where packages put such programs, and in PATH.
    static func runtime() throws -> FilePath {
        let name = "varve-runtime"
        let own = try programFolder()
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders =
            [own, own.removingLastComponent().appending("libexec").appending("varve")]
            + path.split(separator: ":").map { FilePath(String($0)) }
        for folder in folders {
            let program = folder.appending(name)
            if access(program.string, X_OK) == 0, !isFolder(program) { return program }
        }
        throw StartFailure(
            "\(name) is not there: looked in \(folders[0]), \(folders[1]) and PATH; install it beside varved"
        )
    }

    private static func programFolder() throws -> FilePath {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try sys("read /proc/self/exe") { readlink("/proc/self/exe", &buffer, buffer.count) }
        let text = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return FilePath(text).removingLastComponent()
    }

    static func workingFolder() throws -> FilePath {
        guard let text = getcwd(nil, 0) else {
            throw StartFailure("the working folder is gone; change to another, or use absolute paths")
        }
        defer { free(text) }
        return FilePath(String(cString: text))
    }

    /// What the environment says about the driver.
    static var driverEnvironment: [String: String] {
        var environment: [String: String] = [:]
        for name in ["VARVE_DRIVER", "DOCKER_DRIVER"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        return environment
    }
}
