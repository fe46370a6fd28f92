package import GraphDrivers

/// What users say about a plug-in to Varve, and what to the plug-in itself.
package struct RemoteOptions {
    /// `remote.timeout`: for a call, and for the silence in work that takes the longer the more data there is.
    private(set) var timeout = Duration.seconds(300)
    /// `remote.patience`: for the plug-in to be there and to listen.
    package private(set) var patience = Duration.seconds(5)
    /// All others, as `key=value`.
    private(set) var passed: [String] = []

    /// Takes out what is meant for Varve.
    package init(_ options: DriverOptions, of driver: String) throws {
        for (key, value) in options.values {
            switch key.lowercased() {
            case "remote.timeout": timeout = try Self.seconds(key, value, driver, from: 1)
            case "remote.patience": patience = try Self.seconds(key, value, driver, from: 0)
            default: passed.append("\(key)=\(value)")
            }
        }
    }

    private static func seconds(_ key: String, _ text: String, _ driver: String, from least: Int) throws -> Duration {
        guard let number = Int(text), (least...86400).contains(number) else {
            throw DriverError.invalidOption(
                driver: driver,
                key: key,
                reason: "'\(text)' is no number of seconds from \(least) to 86400"
            )
        }
        return .seconds(number)
    }
}
