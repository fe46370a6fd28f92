import Archive
import Glibc
import Linux
import OCI
import Storage
import SystemPackage
import Testing

/// A program that works on a data root is killed at its n-th system call that changes a folder, for every n: then the
/// data root is opened, and must be consistent.
@Suite struct CrashTests {
    private static let strace = "/usr/bin/strace"
    private static let calls =
        "mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat"
    private static let sample = TestImage.sample()

    /// Beside the test bundle, whose path the test runner is given.
    static var exerciser: String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return FilePath(bundle).removingLastComponent().appending("storage-exerciser").string
    }

    /// Runs the exerciser, killed at call `number`; true if it was killed.
    private func crash(at number: Int?, _ words: [String]) throws -> Bool {
        var command = [Self.exerciser] + words
        if let number {
            command =
                [
                    Self.strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(Self.calls)", "-e",
                    "inject=\(Self.calls):signal=KILL:when=\(number)",
                ] + command
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, command[0], nil, nil, &arguments, environ)
        guard result == 0 else { throw SystemError("start \(command[0])", Errno(rawValue: result)) }
        var status: CInt = 0
        try sys("wait for \(command[0])") { waitpid(pid, &status, 0) }
        if status == 0 { return false }
        // strace ends as its child did.
        guard status & 0x7f == SIGKILL else { throw SystemError("run \(command): status \(status)", .invalidArgument) }
        return true
    }

    private func archive(in root: TestRoot) throws -> String {
        let path = root.path.appending("archive.tar")
        try writeFile(Self.sample.dockerArchive(), to: path, mode: .ownerReadWrite)
        return path.string
    }

    /// Kills at every `step`-th call until one run comes to its end; the data root is checked after each.
    private func crashEverywhere(
        _ driver: TestDriver,
        step: Int,
        _ prepare: (TestRoot) throws -> [String],
        _ check: (Store) throws -> Void
    ) throws {
        var number = 1
        while true {
            let root = try TestRoot()
            let words = [root.path.string, driver.rawValue] + (try prepare(root))
            let wasKilled = try crash(at: number, words)
            let store = try root.store(driver)
            #expect(try root.problems(driver) == [], "killed at call \(number)")
            #expect(store.damages == [], "killed at call \(number)")
            for name in store.mounts() { try store.removeMount(name) }
            try check(store)
            // What was interrupted can be done again, and undone.
            if !wasKilled {
                #expect(number > 10)
                return
            }
            number += step
        }
    }

    @Test(
        "killed while loading: the image is there whole or not at all",
        .enabled(if: exists(FilePath(strace)), "no strace"),
        arguments: TestDriver.allCases
    )
    func load(_ driver: TestDriver) throws {
        try crashEverywhere(driver, step: 5, { root in ["load", try archive(in: root)] }) { (store: Store) throws in
            let there = store.images().map(\.id)
            #expect(there.isEmpty || there == [Self.sample.id])
            _ = try store.load(BufferSource(Self.sample.dockerArchive())) { _ in }
            #expect(try store.image(named: "test:1").id == Self.sample.id)
            _ = try store.removeImage("test:1", force: true, prune: true) { _ in .unused }
            #expect(try driver.layers(in: store.root).isEmpty)
        }
    }

    @Test(
        "killed while containers come and go: no layer is left over",
        .enabled(if: exists(FilePath(strace)), "no strace"),
        arguments: TestDriver.allCases
    )
    func run(_ driver: TestDriver) throws {
        try crashEverywhere(
            driver,
            step: 7,
            { root in
                _ = try root.store(driver).load(BufferSource(Self.sample.dockerArchive())) { _ in }
                return ["run"]
            }
        ) { (store: Store) throws in #expect(try driver.layers(in: store.root).count == 3) }
    }

    @Test(
        "killed while an image is removed: it is there whole or not at all",
        .enabled(if: exists(FilePath(strace)), "no strace"),
        arguments: TestDriver.allCases
    )
    func remove(_ driver: TestDriver) throws {
        try crashEverywhere(
            driver,
            step: 4,
            { root in
                _ = try root.store(driver).load(BufferSource(Self.sample.dockerArchive())) { _ in }
                return ["rmi", "test:1"]
            }
        ) { (store: Store) throws in
            let images = store.images()
            #expect(try driver.layers(in: store.root).isEmpty == images.isEmpty)
        }
    }
}
