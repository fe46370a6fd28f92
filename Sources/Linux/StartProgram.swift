public import CLinux
import Glibc
public import SystemPackage

/// Starts a program that outlives this call, in a session of its own and in `folder` (nil: here).
///
/// `words` are its name and arguments. Its input is `input` or `/dev/null`, its other descriptors are `descriptors`, numbered from 1 on;
/// no signal is blocked, and unless it inherits this one's its environment is `environment`. Who starts it collects it:
/// returns its number.
public func startProgram(
    _ path: FilePath,
    _ words: [String],
    in folder: FilePath? = nil,
    input: CInt? = nil,
    descriptors: [CInt],
    environment: [String] = [],
    inheritsEnvironment: Bool = false
) throws(SystemError) -> pid_t {
    var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for variable in variables { free(variable) } }
    return try sys("start \(path)") {
        variables.withUnsafeMutableBufferPointer { variables in
            let environment = inheritsEnvironment ? environ : variables.baseAddress
            return linux_spawn(
                path.string,
                &strings,
                environment,
                folder?.string,
                input ?? -1,
                descriptors,
                CInt(descriptors.count)
            )
        }
    }
}
