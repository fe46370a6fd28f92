import FoundationEssentials
import Glibc
import Launcher
import Linux
import OCI
import RuntimeProtocol
import SystemPackage
import Testing

/// Containers of busybox, started for real.
@Suite(.serialized) struct RunTests {
    @Test func outputErrorAndStatusComeBack() async throws {
        let bundle = try Bundle(["sh", "-c", "echo out; echo err >&2; exit 7"])
        let (output, code) = try await bundle.run()
        #expect(texts(output, of: 1) == "out\n")
        #expect(texts(output, of: 2) == "err\n")
        #expect(code == 7)
        let log = String(decoding: try readFile(bundle.log), as: UTF8.self)
        #expect(log.contains(#"{"log":"out\n","stream":"stdout","time":""#))
        #expect(log.contains(#"{"log":"err\n","stream":"stderr","time":""#))
    }

    @Test func logKeepsEveryByteOfText() async throws {
        let bundle = try Bundle(["sh", "-c", #"printf 'a"b\\c\t\001<&>é\r\nlast'; printf '%020000d\n' 7"#])
        _ = try await bundle.run()
        let lines = String(decoding: try readFile(bundle.log), as: UTF8.self).split(separator: "\n")
        #expect(lines.first?.hasPrefix(#"{"log":"a\"b\\c\t\u0001\u003c\u0026\u003eé\r\n","stream""#) == true)
        let texts = try lines.map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8))["log"] ?? "" }
        #expect(texts.joined() == "a\"b\\c\t\u{1}<&>é\r\nlast" + String(repeating: "0", count: 19_999) + "7\n")
        #expect(texts.allSatisfy { $0.utf8.count <= 16 << 10 })
    }

    @Test func namespacesAreItsOwn() async throws {
        let bundle = try Bundle(["sh", "-c", "echo $$; hostname; ip addr show lo; cat /proc/1/comm; true"])
        let output = texts(try await bundle.run().output, of: 1)
        #expect(output.hasPrefix("1\nbox\n"))
        #expect(output.contains("LOOPBACK,UP"))
        #expect(output.hasSuffix("sh\n"))
    }

    @Test func noSignalIsIgnoredOrBlocked() async throws {
        let bundle = try Bundle(["cat", "/proc/self/status"])
        let lines = texts(try await bundle.run().output, of: 1).split(separator: "\n")
        for name in ["SigBlk", "SigIgn", "SigCgt"] { #expect(lines.contains("\(name):\t0000000000000000")) }
    }

    @Test func inputEndsWithItsClient() async throws {
        let bundle = try Bundle(["cat"])
        bundle.openStdin = true
        let monitor = try await bundle.launch()
        let stream = try await monitor.attach(process: nil, stdin: true, stdout: true, stderr: true)
        try await monitor.start()
        try stream.writeAll(Array(repeating: UInt8(ascii: "x"), count: 100_000))
        shutdown(stream.rawValue, Int32(SHUT_WR))
        let output = texts(try readAll(stream), of: 1)
        #expect(output.utf8.count == 100_000)
        #expect(await monitor.exited().exitCode == 0)
    }

    @Test func terminalIsATerminal() async throws {
        let bundle = try Bundle(["sh", "-c", "tty; stty size; echo x >/dev/console"])
        bundle.spec.process?.terminal = true
        bundle.spec.process?.consoleSize = ConsoleSize(height: 33, width: 77)
        let (output, code) = try await bundle.run()
        #expect(String(decoding: output, as: UTF8.self) == "/dev/pts/0\r\n33 77\r\nx\r\n")
        #expect(code == 0)
    }

    @Test func signalsEndIt() async throws {
        let bundle = try Bundle(["sleep", "100"])
        let monitor = try await bundle.launch()
        try await monitor.start()
        try await monitor.signal(9)
        #expect(await monitor.exited().exitCode == 137)
    }

    @Test func execJoinsAllNamespaces() async throws {
        let bundle = try Bundle(["sleep", "100"])
        let monitor = try await bundle.launch()
        try await monitor.start()
        var process = RuntimeProcess(cwd: "/tmp")
        process.args = ["sh", "-c", "hostname; cat /proc/1/comm; id -un; pwd; exit 3"]
        process.env = ["PATH=/bin"]
        let request = ExecRequest(process: process, userName: "ada", openStdin: false, waitsForClient: true)
        _ = try await monitor.exec(id: "e1", request)
        let stream = try await monitor.attach(process: "e1", stdin: false, stdout: true, stderr: true)
        #expect(texts(try readAll(stream), of: 1) == "box\nsleep\nada\n/tmp\n")
        #expect(await monitor.exited(exec: "e1").exitCode == 3)
        try await monitor.signal(9)
        _ = await monitor.exited()
    }

    @Test(arguments: [("nosuch", 127), ("/etc/passwd", 126), ("/nosuch", 127), ("/etc", 126)])
    func whatCannotRunIsRefused(program: String, code: Int) async throws {
        let bundle = try Bundle([program])
        let error = await #expect(throws: LaunchError.self) {
            let monitor = try await bundle.launch()
            try await monitor.start()
        }
        #expect(error?.exitCode == code)
        #expect(error?.description.contains(program) == true)
    }

    @Test func unknownUserIsNamed() async throws {
        let bundle = try Bundle(["true"])
        bundle.spec.annotations = ["io.varve.user": "bob"]
        let error = await #expect(throws: LaunchError.self) { try await bundle.launch() }
        #expect(error?.description.contains("unable to find user bob: no matching entries in passwd file") == true)
    }

    @Test func containerOutlivesItsLauncher() async throws {
        let wait = "i=0; while [ ! -e /go ] && [ $i -lt 600 ]; do i=$((i+1)); sleep 0.1; done; exit 4"
        let bundle = try Bundle(["sh", "-c", wait])
        let first = try await bundle.launch()
        try await first.start()
        try bundle.restartLauncher()
        let second = try #require(try await bundle.launcher.reconnect(bundle.id))
        #expect(second.pid == first.pid)
        try writeFile([], to: bundle.folder.appending("tree/go"), mode: .ownerReadWrite)
        #expect(await second.exited().exitCode == 4)
        #expect(try bundle.launcher.exitRecord(bundle.id)?.exitCode == 4)
        bundle.launcher.forget(bundle.id)
        #expect(!exists(bundle.folder.appending("exec").appending(bundle.id)))
        #expect(try await bundle.launcher.reconnect(bundle.id) == nil)
    }

    @Test func nothingIsMountedOnTheHost() async throws {
        let bundle = try Bundle(["sleep", "100"])
        let monitor = try await bundle.launch()
        try await monitor.start()
        let mounts = String(decoding: try readFile("/proc/self/mountinfo"), as: UTF8.self)
        #expect(!mounts.contains(bundle.folder.string))
        try await monitor.signal(9)
        _ = await monitor.exited()
    }
}
