package import GraphDrivers
import SystemPackage

/// A driver's error in a form that the other side can make the same error of.
package struct PluginRefusal: Codable, Sendable, Equatable {
    /// What kind of error it is.
    package enum Kind: String, Codable, Sendable {
        case unsupported, unknownOption, invalidOption, noSuchLayer, layerExists, tooDeep, damaged, other
    }

    private var kind: Kind
    private var subject: String?
    private var reason: String?
    private var remedy: String?
    private var limit: Int?

    /// The error, without the driver's name.
    package init(_ error: DriverError) {
        switch error {
        case .unsupported(_, let reason, let remedy):
            kind = .unsupported
            (self.reason, self.remedy) = (reason, remedy)
        case .unknownOption(_, let key): (kind, subject) = (.unknownOption, key)
        case .invalidOption(_, let key, let reason): (kind, subject, self.reason) = (.invalidOption, key, reason)
        case .noSuchLayer(_, let id): (kind, subject) = (.noSuchLayer, id.description)
        case .layerExists(_, let id): (kind, subject) = (.layerExists, id.description)
        case .tooDeep(_, let limit): (kind, self.limit) = (.tooDeep, limit)
        case .damaged(_, let path, let reason): (kind, subject, self.reason) = (.damaged, path.string, reason)
        case .refused(_, _, let reason): (kind, self.reason) = (.other, reason)
        }
    }

    /// The error of a driver of that name; nil where something of it is missing.
    package func error(of driver: String) -> DriverError? {
        switch kind {
        case .unsupported: reason.map { .unsupported(driver: driver, reason: $0, remedy: remedy ?? "choose another") }
        case .unknownOption: subject.map { .unknownOption(driver: driver, key: $0) }
        case .invalidOption: subject.map { .invalidOption(driver: driver, key: $0, reason: reason ?? "it is refused") }
        case .noSuchLayer: subject.flatMap { LayerID($0) }.map { .noSuchLayer(driver: driver, $0) }
        case .layerExists: subject.flatMap { LayerID($0) }.map { .layerExists(driver: driver, $0) }
        case .tooDeep: limit.map { .tooDeep(driver: driver, limit: $0) }
        case .damaged: subject.map { .damaged(driver: driver, FilePath($0), reason: reason ?? "it is not told how") }
        case .other: nil
        }
    }
}
