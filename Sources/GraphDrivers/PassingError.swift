import Linux
import SystemPackage

/// An error that says nothing of the layer it is about: the same call may succeed later.
///
/// Nothing is given up for lost, or deleted, because of one.
public protocol PassingError: Error {}

extension Error {
    /// Whether the layer may be whole nevertheless.
    package var isPassing: Bool {
        switch self as any Error {
        case DriverError.refused: true
        case let error as SystemError:
            [.noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .resourceTemporarilyUnavailable, .resourceBusy]
                .contains(error.errno)
        default: self is any PassingError
        }
    }
}
