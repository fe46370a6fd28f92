public import CLinux
import Glibc
public import SystemPackage

/// Starts a program that outlives this call, in a session of its own and in `folder` (nil: here).
///
/// `words` are its name and arguments. Its input is `input` or `/dev/null`, its other descriptors are `descriptors`, numbered from 1 on;
/// no signal is blocked, and unless it inherits this one's it has no environment. Who starts it collects it: returns its
/// number.
public func startProgram(
    _ path: FilePath,
    _ words: [String],
    in folder: FilePath? = nil,
    input: CInt? = nil,
    descriptors: [CInt],
    inheritsEnvironment: Bool = false
) throws(SystemError) -> pid_t {
    var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var nothing: [UnsafeMutablePointer<CChar>?] = [nil]
    return try sys("start \(path)") {
        nothing.withUnsafeMutableBufferPointer { nothing in
            let environment = inheritsEnvironment ? environ : nothing.baseAddress
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
