extension ContainerConfig: Codable {
    private enum CodingKeys: String, CodingKey {
        case hostname = "Hostname"
        case domainname = "Domainname"
        case user = "User"
        case attachStdin = "AttachStdin"
        case attachStdout = "AttachStdout"
        case attachStderr = "AttachStderr"
        case exposedPorts = "ExposedPorts"
        case tty = "Tty"
        case openStdin = "OpenStdin"
        case stdinOnce = "StdinOnce"
        case env = "Env"
        case cmd = "Cmd"
        case healthcheck = "Healthcheck"
        case argsEscaped = "ArgsEscaped"
        case image = "Image"
        case volumes = "Volumes"
        case workingDir = "WorkingDir"
        case entrypoint = "Entrypoint"
        case networkDisabled = "NetworkDisabled"
        case macAddress = "MacAddress"
        case onBuild = "OnBuild"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case stopTimeout = "StopTimeout"
        case shell = "Shell"
    }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.container(keyedBy: CodingKeys.self)
        hostname = try from.value(.hostname, or: "")
        domainname = try from.value(.domainname, or: "")
        user = try from.value(.user, or: "")
        attachStdin = try from.value(.attachStdin, or: false)
        attachStdout = try from.value(.attachStdout, or: false)
        attachStderr = try from.value(.attachStderr, or: false)
        exposedPorts = try from.keys(.exposedPorts) ?? []
        tty = try from.value(.tty, or: false)
        openStdin = try from.value(.openStdin, or: false)
        stdinOnce = try from.value(.stdinOnce, or: false)
        env = try from.decodeIfPresent([String].self, forKey: .env)
        cmd = try from.words(.cmd)
        healthcheck = try from.decodeIfPresent(HealthConfig.self, forKey: .healthcheck)
        argsEscaped = try from.value(.argsEscaped, or: false)
        image = try from.value(.image, or: "")
        volumes = try from.keys(.volumes)
        workingDir = try from.value(.workingDir, or: "")
        entrypoint = try from.words(.entrypoint)
        networkDisabled = try from.value(.networkDisabled, or: false)
        macAddress = try from.value(.macAddress, or: "")
        onBuild = try from.decodeIfPresent([String].self, forKey: .onBuild)
        labels = try from.decodeIfPresent([String: String].self, forKey: .labels)
        stopSignal = try from.value(.stopSignal, or: "")
        stopTimeout = try from.decodeIfPresent(Int.self, forKey: .stopTimeout)
        shell = try from.words(.shell)
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encode(hostname, forKey: .hostname)
        try to.encode(domainname, forKey: .domainname)
        try to.encode(user, forKey: .user)
        try to.encode(attachStdin, forKey: .attachStdin)
        try to.encode(attachStdout, forKey: .attachStdout)
        try to.encode(attachStderr, forKey: .attachStderr)
        if !exposedPorts.isEmpty { try to.encode(keys: exposedPorts, forKey: .exposedPorts) }
        try to.encode(tty, forKey: .tty)
        try to.encode(openStdin, forKey: .openStdin)
        try to.encode(stdinOnce, forKey: .stdinOnce)
        try to.encode(env, forKey: .env)
        try to.encode(cmd, forKey: .cmd)
        try to.encodeIfPresent(healthcheck, forKey: .healthcheck)
        try to.encodeUnlessZero(argsEscaped, false, .argsEscaped)
        try to.encode(image, forKey: .image)
        if let volumes { try to.encode(keys: volumes, forKey: .volumes) } else { try to.encodeNil(forKey: .volumes) }
        try to.encode(workingDir, forKey: .workingDir)
        try to.encode(entrypoint, forKey: .entrypoint)
        try to.encodeUnlessZero(networkDisabled, false, .networkDisabled)
        try to.encodeUnlessZero(macAddress, "", .macAddress)
        try to.encode(onBuild, forKey: .onBuild)
        try to.encode(labels, forKey: .labels)
        try to.encodeUnlessZero(stopSignal, "", .stopSignal)
        try to.encodeIfPresent(stopTimeout, forKey: .stopTimeout)
        try to.encodeUnlessZero(shell ?? [], [], .shell)
    }
}
