import Linux
import SystemPackage
import Testing

@testable import CNI

/// Plug-ins that are scripts of ours.
@Suite struct PluginTests {
    private func with(_ scripts: [String: String], _ body: (Plugins, CNI.Attachment, FilePath) throws -> Void) throws {
        let folder = FilePath("/var/tmp/varve-cni-\(randomHex(bytes: 6))")
        defer { try? removeTree(folder) }
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        for (name, script) in scripts {
            let text = "#!/bin/sh\nlog=\(folder)/log\n\(script)\n"
            try writeFile(Array(text.utf8), to: folder.appending(name), mode: FilePermissions(rawValue: 0o755))
        }
        let steps = ["first", "second"].map { #"{"type": "\#($0)"}"# }.joined(separator: ",")
        let text = #"{"cniVersion": "1.0.0", "name": "shop", "plugins": [\#(steps)]}"#
        let list = try ConfigurationList(parsing: Array(text.utf8))
        let attachment = CNI.Attachment(list, container: "box", namespace: "/nowhere", interface: "eth0")
        try body(Plugins(folders: [folder]), attachment, folder)
    }

    private static let good = """
        echo "$(basename "$0") $CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_PATH $(cat)" >>$log
        echo '{"ips": [{"address": "10.1.0.2/24"}]}'
        """

    @Test func eachPlugInIsToldWhatTheOneBeforeSaid() throws {
        try with(["first": Self.good, "second": Self.good]) { plugins, given, folder in
            var attachment = given
            #expect(try attachment.add(by: plugins).addresses.count == 1)
            try attachment.remove(by: plugins)
            let log = String(decoding: try readFile(folder.appending("log")), as: UTF8.self).split(separator: "\n")
            #expect(log.count == 4)
            #expect(log[0].hasPrefix("first ADD box /nowhere eth0 \(folder) {") && !log[0].contains("prevResult"))
            #expect(log[1].hasPrefix("second ADD box /nowhere eth0 \(folder) {") && log[1].contains("prevResult"))
            #expect(log[2].hasPrefix("second DEL box /nowhere eth0 \(folder) {") && log[2].contains("prevResult"))
            #expect(log[3].hasPrefix("first DEL box /nowhere eth0 \(folder) {") && log[3].contains("prevResult"))
        }
    }

    @Test func itsOwnWordsAreTheReason() throws {
        let refusal = #"echo '{"code": 7, "msg": "no room", "details": "all taken"}'; exit 1"#
        try with(["first": refusal, "second": Self.good]) { plugins, given, _ in
            var attachment = given
            let error = #expect(throws: PluginError.self) { try attachment.add(by: plugins) }
            let said = "\(try #require(error))"
            #expect(said == "plug-in first refused ADD: no room: all taken (code 7)")
        }
    }

    @Test(arguments: [
        ("echo oops >&2; exit 3", "failed at ADD with status 3: oops"), ("kill -9 $$", "failed at ADD with signal 9"),
        ("echo nonsense", "what is no result: it is no JSON"), ("exit 0", "what is no result: it is no JSON"),
        (#"echo '{"ips": 1}'"#, "what is no result: \"ips\" is not a list"),
        ("exec cat /dev/zero", "more than 1048576 bytes, and was killed"),
        ("sleep 60 & sleep 61", "did not end its ADD within 1 seconds, and was killed"),
        ("exec cat /dev/zero >&2", "did not end its ADD within 1 seconds"),
    ])
    func whatGoesWrongIsTold(_ script: String, _ words: String) throws {
        try with(["first": script]) { plugins, given, _ in
            var (plugins, attachment) = (plugins, given)
            plugins.seconds = 1
            let error = #expect(throws: PluginError.self) { try attachment.add(by: plugins) }
            let said = "\(try #require(error))"
            #expect(said.contains(words))
        }
    }

    @Test func whatItStartedMayLiveOn() throws {
        try with(["first": "sleep 5 & " + Self.good, "second": Self.good]) { plugins, given, _ in
            var attachment = given
            let began = ContinuousClock.now
            _ = try attachment.add(by: plugins)
            #expect(ContinuousClock.now - began < .seconds(4))
        }
    }

    @Test func oneThatIsMissingIsNamed() throws {
        try with([:]) { plugins, given, folder in
            var attachment = given
            #expect(throws: PluginError.missing("first", folders: [folder.string])) {
                try attachment.add(by: plugins)
            }
        }
    }

    @Test func aFolderIsNoProgram() throws {
        try with(["second": Self.good]) { plugins, given, folder in
            var (plugins, attachment) = (plugins, given)
            try makeFolders(folder.appending("first"), mode: FilePermissions(rawValue: 0o755))
            #expect(throws: PluginError.missing("first", folders: [folder.string])) {
                try attachment.add(by: plugins)
            }
            let other = folder.appending("other")
            try makeFolders(other, mode: FilePermissions(rawValue: 0o755))
            let script = "#!/bin/sh\nlog=\(folder)/log\n\(Self.good)\n"
            try writeFile(Array(script.utf8), to: other.appending("first"), mode: FilePermissions(rawValue: 0o755))
            plugins.folders.append(other)
            #expect(try attachment.add(by: plugins).addresses.count == 1)
        }
    }

    @Test func allAreUndoneAlsoWhereOneFails() throws {
        try with(["first": Self.good, "second": "echo gone >>$log; exit 1"]) { plugins, given, folder in
            #expect(throws: PluginError.self) { try given.remove(by: plugins) }
            let log = String(decoding: try readFile(folder.appending("log")), as: UTF8.self).split(separator: "\n")
            #expect(log.count == 2 && log[0] == "gone")
        }
    }
}
