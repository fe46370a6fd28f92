public import SystemPackage

/// Why a driver would not do what it was asked; the text says what to do.
public enum DriverError: Error, Equatable, CustomStringConvertible {
    /// This host can't run the driver: the fact that decided it, and what to do about it.
    case unsupported(driver: String, reason: String, remedy: String)
    /// The driver does not know this option.
    case unknownOption(driver: String, key: String)
    /// The option's value makes no sense to the driver.
    case invalidOption(driver: String, key: String, reason: String)
    /// No such layer.
    case noSuchLayer(driver: String, LayerID)
    /// The layer is already there.
    case layerExists(driver: String, LayerID)
    /// More layers than the driver can stack.
    case tooDeep(driver: String, limit: Int)
    /// The layer's files on disk are not as the driver left them.
    case damaged(driver: String, FilePath, reason: String)

    /// A driver in another process would not do it: which call of its protocol, and what it says.
    case refused(driver: String, call: String, reason: String)

    /// What was asked, on which object, why it failed, what to do.
    public var description: String {
        switch self {
        case .unsupported(let driver, let reason, let remedy): "storage driver \(driver): \(reason); \(remedy)"
        case .unknownOption(let driver, let key): "\(driver): unknown option \(key)"
        case .invalidOption(let driver, let key, let reason): "\(driver): option \(key): \(reason)"
        case .noSuchLayer(let driver, let id): "storage driver \(driver): layer \(id) does not exist"
        case .layerExists(let driver, let id): "storage driver \(driver): layer \(id) already exists"
        case .tooDeep(let driver, let limit):
            "storage driver \(driver): max depth exceeded: at most \(limit) layers can be stacked; flatten the image"
        case .damaged(let driver, let path, let reason): "storage driver \(driver): \(path) is damaged: \(reason)"
        case .refused(let driver, let call, let reason): "storage plug-in \(driver): \(call): it refuses: \(reason)"
        }
    }
}
