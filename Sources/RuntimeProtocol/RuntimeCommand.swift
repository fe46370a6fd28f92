/// An OCI runtime with runc's command line, which makes a container's processes in the place of Varve's own.
package struct RuntimeCommand: Codable, Sendable, Equatable {
    /// The path of its program.
    package var program: String
    /// What comes before any of our words.
    package var arguments: [String]

    package init(program: String, arguments: [String] = []) {
        (self.program, self.arguments) = (program, arguments)
    }
}
