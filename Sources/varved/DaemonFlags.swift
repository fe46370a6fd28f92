import ArgumentParser

/// The daemon's flags, which are dockerd's; nil or empty: not given.
struct DaemonFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder to keep images and containers in (default: \(Settings.dataRoot)).",
            valueName: "folder"
        )
    )
    var dataRoot: String?

    @Option(
        help: ArgumentHelp(
            "The folder for what running containers need (default: \(Settings.execRoot)).",
            valueName: "folder"
        )
    )
    var execRoot: String?

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp(
            "Where to listen: unix://path, tcp://host:port or fd://; may be repeated (default: \(Settings.host)).",
            valueName: "address"
        )
    )
    var host: [String] = []

    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("The storage driver to use (default: see `varved driver probe`).", valueName: "name")
    )
    var storageDriver: String?

    @Option(
        help: ArgumentHelp(
            "A program to start as the storage driver, a plug-in; {socket} in it stands for where it listens.",
            valueName: "command"
        )
    )
    var driverCommand: String?

    @Option(help: ArgumentHelp("An option of the storage driver; may be repeated.", valueName: "key=value"))
    var storageOpt: [String] = []

    @Option(
        help: ArgumentHelp("A server to ask first for what Docker Hub has; may be repeated.", valueName: "https://host")
    )
    var registryMirror: [String] = []

    @Option(
        help: ArgumentHelp(
            "A registry without a certificate to be trusted, or without any; may be repeated.",
            valueName: "host:port or network"
        )
    )
    var insecureRegistry: [String] = []

    @Option(help: ArgumentHelp("How many layers are fetched at once (default: 3).", valueName: "number"))
    var maxConcurrentDownloads: Int?

    @Option(help: ArgumentHelp("How many layers are sent at once (default: 5).", valueName: "number"))
    var maxConcurrentUploads: Int?

    @Option(help: ArgumentHelp("How often a download that brings nothing is tried (default: 5).", valueName: "number"))
    var maxDownloadAttempts: Int?

    @Option(
        help: ArgumentHelp(
            "Where the control groups of containers are made that are given no parent of their own (default: /varve).",
            valueName: "path"
        )
    )
    var cgroupParent: String?

    @Option(
        help: ArgumentHelp(
            "How containers get their control groups: native.cgroupdriver=cgroupfs, which is the default.",
            valueName: "key=value"
        )
    )
    var execOpt: [String] = []

    @Flag(help: "Run a small init in containers that ask for none.")
    var `init` = false

    @Flag(help: "Let no container's process get more rights than it began with.")
    var noNewPrivileges = false

    @Option(help: ArgumentHelp("The size of containers' /dev/shm (default: 64M).", valueName: "size"))
    var defaultShmSize: String?

    @Option(help: ArgumentHelp("Containers' IPC: private or shareable (default: private).", valueName: "mode"))
    var defaultIpcMode: String?

    @Option(help: ArgumentHelp("Containers' control groups: private or host (default: private).", valueName: "mode"))
    var defaultCgroupnsMode: String?

    @Option(
        help: ArgumentHelp("A limit of containers' processes; may be repeated.", valueName: "name=soft:hard")
    )
    var defaultUlimit: [String] = []

    @Option(
        help: ArgumentHelp(
            "Which system calls containers may make: a profile's file, builtin or unconfined (default: builtin).",
            valueName: "file"
        )
    )
    var seccompProfile: String?

    @Option(
        help: ArgumentHelp(
            "Whose subordinate ids containers have for their own: default, or a user (default: the host's ids).",
            valueName: "user:group"
        )
    )
    var usernsRemap: String?

    @Flag(help: "Give each container SELinux contexts of its own, where SELinux is on.")
    var selinuxEnabled = false

    @Flag(help: "Show containers their own limits in /proc, by lxcfs, which must run.")
    var lxcfs = false

    @Option(
        help: ArgumentHelp(
            "An OCI runtime that containers may ask for; may be repeated (always there: varve, and runc and crun if installed).",
            valueName: "name=path"
        )
    )
    var addRuntime: [String] = []

    @Option(help: ArgumentHelp("The runtime of containers that ask for none (default: varve).", valueName: "name"))
    var defaultRuntime: String?

    @OptionGroup(title: "Networks") var bridge: BridgeFlags

    @Option(help: ArgumentHelp("A name server for containers; may be repeated (default: the host's).", valueName: "IP"))
    var dns: [String] = []

    @Option(help: ArgumentHelp("An option of containers' name look-up; may be repeated.", valueName: "option"))
    var dnsOpt: [String] = []

    @Option(help: ArgumentHelp("A domain where containers look names up; may be repeated.", valueName: "domain"))
    var dnsSearch: [String] = []

    @Option(help: ArgumentHelp("The proxy to registries without TLS (default: $HTTP_PROXY).", valueName: "address"))
    var httpProxy: String?

    @Option(help: ArgumentHelp("The proxy to registries (default: $HTTPS_PROXY).", valueName: "address"))
    var httpsProxy: String?

    @Option(help: ArgumentHelp("Which hosts to reach without it (default: $NO_PROXY).", valueName: "host,network"))
    var noProxy: String?

    @Option(help: ArgumentHelp("The configuration file (default: \(Settings.configFile)).", valueName: "file"))
    var configFile: String?

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp("What to log: debug, info, warn, error or fatal (default: info).", valueName: "level")
    )
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "Where containers' output goes: json-file, local or none (default: json-file).",
            valueName: "name"
        )
    )
    var logDriver: String?

    @Option(help: ArgumentHelp("An option of containers' logs: max-size=10m; may be repeated.", valueName: "key=value"))
    var logOpt: [String] = []

    @Flag(name: [.customShort("D"), .long], help: "Log everything.")
    var debug = false

    @Option(
        name: [.customShort("G"), .long],
        help: ArgumentHelp("The group that may use the socket, if there is one (default: docker).", valueName: "name")
    )
    var group: String?

    @Option(
        name: [.customShort("p"), .long],
        help: ArgumentHelp("The file to write the daemon's process ID to.", valueName: "file")
    )
    var pidfile: String?

    @Option(help: ArgumentHelp("How to log: text or json (default: text).", valueName: "format"))
    var logFormat: String?

    @Option(help: ArgumentHelp("A label of the daemon; may be repeated.", valueName: "key=value"))
    var label: [String] = []

    @Flag(help: "Let containers go on when the daemon ends: they always do.")
    var liveRestore = false

    @Option(
        help: ArgumentHelp(
            "How long requests under way may take when the daemon ends (default: \(Settings.shutdownTimeout)).",
            valueName: "seconds"
        )
    )
    var shutdownTimeout: Int?

    @Option(help: ArgumentHelp("Where to serve figures to Prometheus (default: nowhere).", valueName: "host:port"))
    var metricsAddr: String?

    @Flag(help: "Speak TLS on TCP; implied by --tlsverify.")
    var tls = false

    @Flag(help: "Speak TLS on TCP, and let in only clients with a certificate that the authority has signed.")
    var tlsverify = false

    @Option(help: ArgumentHelp("The authority's certificate (default: ~/.docker/ca.pem).", valueName: "file"))
    var tlscacert: String?

    @Option(help: ArgumentHelp("The daemon's certificate (default: ~/.docker/cert.pem).", valueName: "file"))
    var tlscert: String?

    @Option(help: ArgumentHelp("The daemon's key (default: ~/.docker/key.pem).", valueName: "file"))
    var tlskey: String?

    @Flag(
        name: .customLong("allow-plain-tcp"),
        help: "Listen without TLS also where other machines get to: whoever does is root here."
    )
    var allowPlainTCP = false

    @Flag(help: "Check the flags and the configuration file, and exit.")
    var validate = false

    @Flag(name: .shortAndLong, help: "Print the version and exit.")
    var version = false
}
