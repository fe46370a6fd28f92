/// What a daemon was asked, and what came instead of the answer.
struct PeerError: Error, CustomStringConvertible {
    let call: String
    let reason: String

    init(_ call: String, _ reason: String) { (self.call, self.reason) = (call, reason) }

    var description: String { "\(call): \(reason)" }
}
