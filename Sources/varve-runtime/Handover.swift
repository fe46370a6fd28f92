import Glibc
import Linux
import OCI

/// How a process is tied to who starts it: a monitor, which holds it for all its life, or a command, which goes.
struct Handover {
    /// It has the starter's own standard streams; else the starter holds their other ends.
    var inheritsStreams = false
    /// How many descriptors from 3 on the program gets, too.
    var preserved: UInt32 = 0
    /// A listening socket, on which somebody else lets the program begin; -1: the starter does.
    var gate: CInt = -1
    var diesWithStarter = true
    /// The tree becomes `/` by pivot_root; false: where `/` is the first file system of all, which can't be put away.
    var pivots = true
    /// What hooks are told, but for status and pid; nil: there are none.
    var state: RuntimeState?

    static let monitor = Self()

    /// What a process on its way into the container needs of what the starter has open, beside its streams.
    var kept: [CInt] { [gate] + (3..<3 + CInt(preserved)) }

    /// Waits until the program may begin; returns false where nobody is left who could say so.
    ///
    /// What goes wrong from then on is told on `socket`, whoever is at its other end.
    func waitForGo(_ socket: CInt) throws -> Bool {
        var byte: UInt8 = 0
        guard gate >= 0 else { return try sys("wait for the start") { read(socket, &byte, 1) } == 1 }
        while true {
            let connection = OwnedDescriptor(try sys("wait for the start") { accept(gate, nil, nil) })
            if try sys("wait for the start", { read(connection.rawValue, &byte, 1) }) != 1 { continue }
            try sys("answer the start") { dup2(connection.rawValue, socket) }
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            return true
        }
    }
}
