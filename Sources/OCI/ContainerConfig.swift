/// What a container shall be, independent of the host: Docker's `container.Config`.
///
/// The same object stands in an image's configuration, in the body of `POST /containers/create` and in `config.v2.json`.
/// Unknown keys are ignored, `null` is the zero value. An optional keeps the difference between `null` and empty, which
/// Docker shows again and for `entrypoint` and `cmd` gives a meaning to.
package struct ContainerConfig: Sendable, Equatable {
    package var hostname = ""
    package var domainname = ""
    /// `user[:group]`, names or numbers; empty means root.
    package var user = ""
    package var attachStdin = false
    package var attachStdout = false
    package var attachStderr = false
    /// `80/tcp`, as the image's author declared them.
    package var exposedPorts: Set<String> = []
    package var tty = false
    package var openStdin = false
    package var stdinOnce = false
    /// `NAME=value`; a bare `NAME` takes that variable away.
    package var env: [String]?
    package var cmd: [String]?
    package var healthcheck: HealthConfig?
    package var argsEscaped = false
    /// The image as the user named it.
    package var image = ""
    /// Paths that get an anonymous volume each.
    package var volumes: Set<String>?
    package var workingDir = ""
    package var entrypoint: [String]?
    package var networkDisabled = false
    package var macAddress = ""
    package var onBuild: [String]?
    package var labels: [String: String]?
    package var stopSignal = ""
    /// Seconds between the stop signal and SIGKILL; nil for the daemon's default.
    package var stopTimeout: Int?
    package var shell: [String]?

    package init() {}
}

/// How to find out whether a container is well.
package struct HealthConfig: Sendable, Equatable {
    /// `NONE`, or `CMD` and words, or `CMD-SHELL` and a line; empty inherits.
    package var test: [String]?
    /// Nanoseconds, as all durations here.
    package var interval: Int64 = 0
    package var timeout: Int64 = 0
    package var startPeriod: Int64 = 0
    package var startInterval: Int64 = 0
    package var retries = 0

    package init() {}
}

extension HealthConfig: Codable {
    private enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case startInterval = "StartInterval"
        case retries = "Retries"
    }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.container(keyedBy: CodingKeys.self)
        test = try from.decodeIfPresent([String].self, forKey: .test)
        interval = try from.value(.interval, or: 0)
        timeout = try from.value(.timeout, or: 0)
        startPeriod = try from.value(.startPeriod, or: 0)
        startInterval = try from.value(.startInterval, or: 0)
        retries = try from.value(.retries, or: 0)
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encodeUnlessZero(test ?? [], [], .test)
        try to.encodeUnlessZero(interval, 0, .interval)
        try to.encodeUnlessZero(timeout, 0, .timeout)
        try to.encodeUnlessZero(startPeriod, 0, .startPeriod)
        try to.encodeUnlessZero(startInterval, 0, .startInterval)
        try to.encodeUnlessZero(retries, 0, .retries)
    }
}
