import DriverKit

@main struct Program: DriverProgram { typealias Driver = Reflink }
