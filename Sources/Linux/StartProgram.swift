public import CLinux
import Glibc
public import SystemPackage

/// Starts a program that outlives this call, in a session of its own and in `folder` (nil: here).
///
/// `words` are its name and arguments. Its input is `/dev/null`, its other descriptors are `descriptors`, numbered from 1 on;
/// it has no environment, and no signal is blocked. Who starts it collects it: returns its number.
public func startProgram(
    _ path: FilePath,
    _ words: [String],
    in folder: FilePath? = nil,
    descriptors: [CInt]
) throws(SystemError) -> pid_t {
    var strings: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    return try sys("start \(path)") {
        linux_spawn(path.string, &strings, folder?.string, descriptors, CInt(descriptors.count))
    }
}
