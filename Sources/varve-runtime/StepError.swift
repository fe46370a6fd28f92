import Linux
import SystemPackage

/// Why a container's process could not be started: the step, its object and the reason, and the exit code that goes with it.
struct StepError: Error, CustomStringConvertible {
    let description: String
    /// 126: can't be run; 127: not found; 128: anything else, as Docker's.
    let exitCode: Int

    init(_ description: String, exitCode: Int = 128) {
        self.description = description
        self.exitCode = exitCode
    }
}

/// Says of what fails in `body` at which step it was.
func step<T>(_ name: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as StepError { throw error } catch { throw StepError("\(name): \(error)") }
}
