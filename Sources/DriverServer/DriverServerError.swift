import GraphDrivers

/// Why a client did not get what it asked of a driver that is served.
package enum DriverServerError: Error, Equatable, CustomStringConvertible {
    /// The call lacks something.
    case missing(String)
    /// No home was opened yet.
    case notInitialized
    /// An id that can't be a folder's name.
    case badID(String)
    /// Owners other than those in the image.
    case mappedOwners
    /// An SELinux label.
    case labelled(String)
    /// None of the protocol's calls.
    case noSuchCall(String)
    /// Calls that go on while all is to end.
    case busy
    /// A second home, where all layers are kept in one folder.
    case otherHome(root: String, home: String)

    package var description: String {
        switch self {
        case .missing(let key): "the call has no \(key)"
        case .notInitialized: "GraphDriver.Init was not called: which folder is meant is not known"
        case .badID(let id): "'\(id)' can't be a layer's ID"
        case .mappedOwners:
            "this driver keeps the owners that files have in images: start the daemon without --userns-remap, or use "
                + "its own driver"
        case .noSuchCall(let path): "there is no call POST \(path)"
        case .busy: "calls are still under way in this home: end them first"
        case .otherHome(let root, let home):
            "this server keeps all layers in \(root), and \(home) uses it: give this client a server of its own, with "
                + "another --root, or without"
        case .labelled(let label):
            "this driver sets no SELinux label ('\(label)'): start the daemon without --selinux-enabled"
        }
    }
}
