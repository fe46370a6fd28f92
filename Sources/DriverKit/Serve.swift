import DriverServer
import Glibc
package import GraphDrivers
import Linux
import Logging
package import SystemPackage

/// Shows a driver on the socket `path` until SIGTERM or SIGINT; layers are in `root`, or where the client says.
///
/// Call it before there are threads: the signals are kept from all that come.
package func serve(_ kind: DriverKind, on path: FilePath, root: FilePath?, _ options: DriverOptions) throws {
    umask(0o022)
    for ignored in [SIGPIPE, SIGHUP] { signal(ignored, SIG_IGN) }
    raiseLimits()
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGTERM, SIGINT] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    try makeFolders(path.removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
    let server = DriverServer(kind, root: root, options: options, log: Logger(label: kind.name))
    try server.listen(unix: path.string)
    var number: CInt = 0
    while sigwait(&signals, &number) != 0 {}
    try server.close()
}

/// As many descriptors as the machine allows, and stacks for the deepest trees there may be.
func raiseLimits() {
    // A lower limit means fewer clients at once, and that trees so deep can't be compared, no more.
    try? OpenFiles.raiseLimit()
    try? OSThread.raiseDefaultStackSize()
}
