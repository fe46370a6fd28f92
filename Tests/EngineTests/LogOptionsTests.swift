import DockerAPI
import OCI
import RuntimeProtocol
import SystemPackage
import Testing

@testable import Engine

/// What may be said of logs: as dockerd 20.10 took it and refused it.
struct LogOptionsTests {
    @Test(arguments: [
        ["max-size": "10m", "max-file": "3", "compress": "true"], ["max-file": "3"], ["max-size": "-1"],
        ["labels": "a,b", "labels-regex": "^x", "env": "A", "env-regex": "B$", "tag": "{{.Name}}/{{ .ID }}"],
        ["mode": "non-blocking", "max-buffer-size": "4m"], ["mode": "blocking"], ["compress": "false"],
    ])
    func takes(options: [String: String]) { #expect(refusal("json-file", options) == nil) }

    @Test(arguments: [
        (["max-size": "abc"], "invalid size: 'abc'"), (["max-size": "0"], "max-size must be a positive number"),
        (["max-file": "0"], "max-file cannot be less than 1"), (["max-file": "x"], "'x' is no whole number"),
        (["compress": "true"], "compress cannot be true when max-file is less than 2 or max-size is not set"),
        (["compress": "maybe"], "'maybe'"), (["nope": "1"], "unknown log opt 'nope' for json-file log driver"),
        (["labels-regex": "("], "error parsing regexp"), (["tag": "{{.Nope}}"], "{{.Nope}} means nothing here"),
        (["tag": "{{"], "without its }}"), (["mode": "x"], "logger: logging mode not supported: x"),
        (["max-buffer-size": "1m"], "only supported with 'mode=non-blocking'"),
        (["mode": "non-blocking", "max-buffer-size": "x"], "error parsing option max-buffer-size"),
    ])
    func refuses(options: [String: String], reason: String) {
        #expect(refusal("json-file", options)?.contains(reason) == true)
    }

    @Test(arguments: [
        (["nope": "1"], "unknown log opt 'nope' for log driver local"),
        (["labels": "a"], "unknown log opt 'labels' for log driver local"),
        (["max-file": "1"], "compression cannot be enabled when max file count is 1"),
    ])
    func refusesForLocal(options: [String: String], reason: String) {
        #expect(refusal("local", options)?.contains(reason) == true)
    }

    @Test func namesTheDriversThatThereAre() {
        let reason = refusal("journald", [:]) ?? ""
        #expect(reason == "logger: no log driver named 'journald' is registered; there are json-file, local, none")
    }

    @Test func fillsInDockersDefaults() throws {
        let local = try LogOptions.rotation(.local, [:])
        #expect(local == (20 << 20, 5, true))
        let own = try LogOptions.rotation(.jsonFile, ["max-size": "10k", "max-file": "2"])
        #expect(own == (10_000, 2, false))
    }

    @Test func takesTheDaemonsOptionsForTheDaemonsDriver() {
        var standard = LogConfig()
        standard.type = "json-file"
        standard.config = ["max-size": "1m", "max-file": "2"]
        var own = LogConfig()
        own.config = ["max-file": "7"]
        #expect(LogOptions.merged(own, standard).config == ["max-size": "1m", "max-file": "7"])
        #expect(LogOptions.merged(nil, standard) == standard)
        own.type = "local"
        #expect(LogOptions.merged(own, standard).config == ["max-file": "7"])
    }

    @Test func notesWhatIsAskedFor() throws {
        var config = ContainerConfig()
        config.labels = ["a": "1", "ab": "2", "c": "3"]
        config.env = ["X=x=y", "Y=\"", "Z"]
        config.image = "busybox"
        let record = ContainerRecord(
            id: String(repeating: "0123456789abcdef", count: 4),
            name: "box",
            created: "",
            folder: "/c",
            config: config,
            image: "",
            driver: "vfs"
        )
        let options = [
            "labels": "c,d", "labels-regex": "^ab", "env": "X,Z", "env-regex": "Y", "tag": "{{.Name}}-{{.ID}}",
        ]
        #expect(
            try LogAttributes.text(record, options)
                == #"{"X":"x=y","Y":"\"","ab":"2","c":"3","tag":"box-0123456789ab"}"#
        )
        #expect(try LogAttributes.text(record, [:]) == nil)
    }

    private func refusal(_ driver: String, _ options: [String: String]) -> String? {
        var config = LogConfig()
        config.type = driver
        config.config = options
        do { try LogOptions.check(config) } catch { return "\(error)" }
        return nil
    }
}
