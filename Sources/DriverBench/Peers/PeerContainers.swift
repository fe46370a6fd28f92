import Glibc
import Linux
import SystemPackage

/// Containers of one run on one daemon. Each thread has its own.
struct PeerContainers {
    let calls: PeerCalls
    /// The image's name.
    let image: String
    let run: String

    /// Makes one that is to run these words of busybox.
    func create(_ words: [String]) throws -> String {
        let body = PeerBody.Create(
            Image: image,
            Cmd: [PeerImage.busybox] + words,
            Labels: [PeerLeftovers.label: run]
        )
        return try calls.ask(PeerBody.Made.self, "POST", "/containers/create", json: body).Id
    }

    func start(_ id: String) throws { try calls.send("POST", "/containers/\(id)/start") }

    /// Waits for its end, which must be a good one.
    func wait(_ id: String) throws {
        let status = try calls.ask(PeerBody.Ended.self, "POST", "/containers/\(id)/wait").StatusCode
        guard status == 0 else { throw PeerError("run the image", "the container ended with \(status)") }
    }

    func stop(_ id: String) throws { try calls.send("POST", "/containers/\(id)/stop", [("t", "10")]) }

    /// Ends and removes it.
    func remove(_ id: String) throws {
        try calls.send("DELETE", "/containers/\(id)", [("force", "1"), ("v", "1")])
    }

    /// One that has ended.
    func ended(_ words: [String]) throws -> String {
        let id = try create(words)
        try start(id)
        try wait(id)
        return id
    }

    /// Runs a program in a running one, and reads what it says.
    func execute(_ words: [String], in id: String) throws -> [UInt8] {
        let body = PeerBody.Exec(Cmd: [PeerImage.busybox] + words)
        let exec = try calls.ask(PeerBody.Made.self, "POST", "/containers/\(id)/exec", json: body).Id
        return try calls.send("POST", "/exec/\(exec)/start", json: PeerBody.ExecStart())
    }
}
