import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// `--storage-opt aufs.…`; Docker's aufs has none.
struct Settings {
    /// Who is to join the branches; nil for the best that this host has.
    let kind: Union.Kind?
    /// The program to run for fuse-overlayfs; nil for the first that `PATH` has.
    let program: FilePath?

    init(_ options: DriverOptions) throws {
        var (kind, program): (Union.Kind?, FilePath?) = (nil, nil)
        for (key, value) in options.values {
            switch key.lowercased() {
            case "aufs.union":
                kind = Union.Kind(rawValue: value)
                if kind == nil {
                    let known = Union.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    let reason = "'\(value)' is none of \(known)"
                    throw DriverError.invalidOption(driver: AUFS.name, key: key, reason: reason)
                }
            case "aufs.mount_program":
                let path = FilePath(value)
                guard path.isAbsolute, access(path.string, X_OK) == 0 else {
                    let reason = "'\(value)' is no program; give the path of fuse-overlayfs"
                    throw DriverError.invalidOption(driver: AUFS.name, key: key, reason: reason)
                }
                program = path
            default: throw DriverError.unknownOption(driver: AUFS.name, key: key)
            }
        }
        (self.kind, self.program) = (kind, program)
    }

    /// Where fuse-overlayfs is.
    func findProgram() -> FilePath? { program ?? Command.find("fuse-overlayfs") }
}
