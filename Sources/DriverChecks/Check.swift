// The promises that every storage driver keeps, as code that finds out. A driver's tests are this list; so is
// `varve driver check`, on the user's own host and file system.

public import GraphDrivers
import Linux
public import SystemPackage

/// One promise, and the code that holds a driver to it.
public struct Check: Sendable, CustomStringConvertible {
    /// The promise, in words.
    public let description: String
    /// What a driver must be capable of for the promise to be its own.
    public let needs: Capabilities
    private let body: @Sendable (Scene) throws -> Void

    init(_ promise: String, needs: Capabilities = [], _ body: @escaping @Sendable (Scene) throws -> Void) {
        description = promise
        self.needs = needs
        self.body = body
    }

    /// How a check ended.
    public enum Outcome: Sendable, Equatable {
        /// The promise was kept.
        case passed
        /// It was broken: how.
        case failed(String)
        /// This host or driver can't be asked: why.
        case skipped(String)
    }

    /// Runs the check on a fresh home in a folder of its own below `folder`, which must exist; nothing stays there.
    public func run(
        on driver: DriverKind,
        in folder: FilePath,
        options: DriverOptions = DriverOptions()
    ) -> Outcome {
        do {
            let scratch = try AtomicFolder(in: folder, prefix: "check-\(driver.name)-")
            let outcome: Outcome
            do { outcome = try run(Scene(driver, folder: scratch.path, options: options)) } catch {
                outcome = Self.outcome(of: error)
            }
            do { try scratch.cancel() } catch {
                if case .failed(let reason) = outcome { return .failed("\(reason); and cleaning up: \(error)") }
                return .failed("cleaning up: \(error)")
            }
            return outcome
        } catch {
            return .failed("making a folder below \(folder): \(error)")
        }
    }

    private func run(_ scene: Scene) throws -> Outcome {
        guard scene.driver.capabilities.isSuperset(of: needs) else {
            try scene.driver.release()
            return .skipped("\(scene.driver.name) does not promise this")
        }
        do { try body(scene) } catch {
            scene.release()  // the first error is the one to report
            throw error
        }
        try scene.driver.release()
        try HostState.expectNothing(below: scene.folder, "when all was released")
        return .passed
    }

    private static func outcome(of error: any Error) -> Outcome {
        switch error {
        case let error as Skipped: .skipped(error.description)
        case DriverError.unsupported: .skipped("\(error)")
        default: .failed("\(error)")
        }
    }

    /// All of them.
    public static let all: [Check] =
        life + views + many + changed + kept + layers + names + writes + properties + quota + limits + restarts + seeds
        + crashes + deep
}
