import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// A pseudoterminal of the container's own devpts: its other end is the process's terminal, its master goes to the monitor.
enum Terminal {
    /// Makes it streams 0 to 2 of this process; returns the master.
    static func open(size: ConsoleSize?, console: Bool) throws -> CInt {
        let master = try sys("open /dev/pts/ptmx") { Glibc.open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) }
        // An image could put anything at that path (CVE-2025-52565): only devpts counts.
        guard try FileSystemType(of: "/dev/pts").magic == 0x1cd1 else { throw StepError("/dev/pts is not a devpts") }
        let peer = try sys("open the terminal") { linux_terminal_peer(master) }
        try sys("set the terminal's mode") { fchmod(peer, 0o620) }
        if let size { try sys("set the terminal's size") { linux_set_window(peer, size.height, size.width) } }
        if console { try putOnConsole(peer) }
        for stream in 0...2 as ClosedRange<CInt> { try sys("set up stream \(stream)") { dup2(peer, stream) } }
        close(peer)
        return master
    }

    private static func putOnConsole(_ peer: CInt) throws {
        let made = Glibc.open(
            "/dev/console",
            O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_RDONLY | O_NONBLOCK | O_NOCTTY,
            0o600
        )
        if made >= 0 { close(made) }
        let target = OwnedDescriptor(
            try sys("open /dev/console") { Glibc.open("/dev/console", LINUX_O_PATH | O_CLOEXEC | O_NOFOLLOW) }
        )
        try sys("put the terminal on /dev/console") {
            mount(place(peer), place(target.rawValue), nil, UInt(MS_BIND), nil)
        }
    }
}
