import SystemPackage

/// Why a plug-in did not do what it was asked.
package enum PluginError: Error, CustomStringConvertible, Equatable {
    case missing(String, folders: [String])
    /// In its own words.
    case refused(String, verb: String, code: Int64, message: String, details: String)
    case failed(String, verb: String, how: String, said: String)
    case slow(String, verb: String, seconds: Int)
    case tooMuch(String, verb: String, bytes: Int)
    case rubbish(String, verb: String, why: String)

    package var description: String {
        switch self {
        case .missing(let type, let folders):
            "plug-in \(type) is not in \(folders.joined(separator: ", ")): install it (apt install "
                + "containernetworking-plugins), or name its folder with --cni-bin-dir"
        case .refused(let type, let verb, let code, let message, let details):
            "plug-in \(type) refused \(verb): \(message)" + (details.isEmpty ? "" : ": \(details)") + " (code \(code))"
        case .failed(let type, let verb, let how, let said):
            "plug-in \(type) failed at \(verb) with \(how)" + (said.isEmpty ? "" : ": \(said)")
        case .slow(let type, let verb, let seconds):
            "plug-in \(type) did not end its \(verb) within \(seconds) seconds, and was killed"
        case .tooMuch(let type, let verb, let bytes):
            "plug-in \(type) answered \(verb) with more than \(bytes) bytes, and was killed"
        case .rubbish(let type, let verb, let why):
            "plug-in \(type) answered \(verb) with what is no result: \(why)"
        }
    }
}
