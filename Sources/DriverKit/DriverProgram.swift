public import ArgumentParser
public import GraphDrivers

/// A program that is one storage driver, for authors who keep it outside of Varve.
///
/// ```swift
/// @main struct Program: DriverProgram { typealias Driver = Plain }
/// ```
///
/// `plain serve --socket /run/docker/plugins/plain.sock` shows it to varved and dockerd, over Docker's plug-in protocol;
/// `plain check` holds it to all that a driver promises.
public protocol DriverProgram: ParsableCommand {
    /// What it is the program of.
    associatedtype Driver: GraphDriver
}

extension DriverProgram {
    /// The program's name is the driver's.
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Driver.name,
            abstract: "The storage driver \(Driver.name), for varved and dockerd.",
            subcommands: [ServeDriver<Driver>.self, CheckDriver<Driver>.self]
        )
    }
}
