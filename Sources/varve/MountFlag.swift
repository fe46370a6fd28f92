/// `--mount type=bind,source=/a,target=/b,readonly` as the API takes it.
struct MountFlag {
    private let text: String
    private var kind = "volume"
    private var fields: [(key: String, value: JSON)] = []
    private var bind: [(key: String, value: JSON)] = []
    private var tmpfs: [(key: String, value: JSON)] = []
    private var volume: [(key: String, value: JSON)] = []
    private var image: [(key: String, value: JSON)] = []
    /// The volume's driver, what it is told, and the volume's labels.
    private var (driver, options, labels) = ("", [String](), [String]())

    static func parse(_ text: String) throws -> JSON {
        var flag = MountFlag(text: text)
        for part in fields(of: text) {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            let (key, value) = (pair.first ?? "", pair.count > 1 ? pair[1] : "")
            guard try flag.take(key, value) || flag.takeOfVolume(key, value) else {
                throw flag.wrong("unknown option '\(key)'")
            }
        }
        return try flag.body()
    }

    private init(text: String) { self.text = text }

    private mutating func take(_ key: String, _ value: String) throws -> Bool {
        switch key {
        case "type": kind = value
        case "source", "src": fields.append((key: "Source", value: .string(value)))
        case "target", "dst", "destination": fields.append((key: "Target", value: .string(value)))
        case "readonly", "ro": fields.append((key: "ReadOnly", value: .bool(value != "false" && value != "0")))
        case "consistency": break  // of Docker's virtual machines
        case "bind-propagation": bind.append((key: "Propagation", value: .string(value)))
        case "bind-create-src": bind.append((key: "CreateMountpoint", value: .bool(true)))
        case "bind-nonrecursive": bind.append((key: "NonRecursive", value: .bool(value != "false" && value != "0")))
        case "bind-recursive" where value == "disabled": bind.append((key: "NonRecursive", value: .bool(true)))
        case "bind-recursive" where value == "enabled": break
        case "bind-recursive" where value == "writable":
            bind.append((key: "ReadOnlyNonRecursive", value: .bool(true)))
        case "bind-recursive" where value == "readonly":
            bind.append((key: "ReadOnlyForceRecursive", value: .bool(true)))
        case "tmpfs-size": tmpfs.append((key: "SizeBytes", value: .int(try parseSize(value))))
        case "tmpfs-mode":
            guard let mode = Int(value, radix: 8) else { throw wrong("invalid value for tmpfs-mode: \(value)") }
            tmpfs.append((key: "Mode", value: .int(mode)))
        default: return false
        }
        return true
    }

    private mutating func takeOfVolume(_ key: String, _ value: String) -> Bool {
        switch key {
        case "volume-nocopy": volume.append((key: "NoCopy", value: .bool(value != "false" && value != "0")))
        case "volume-subpath": volume.append((key: "Subpath", value: .string(value)))
        case "image-subpath": image.append((key: "Subpath", value: .string(value)))
        case "volume-driver": driver = value
        case "volume-opt": options.append(value)
        case "volume-label": labels.append(value)
        default: return false
        }
        return true
    }

    private func body() throws -> JSON {
        guard fields.contains(where: { $0.key == "Target" }) else { throw wrong("target is required") }
        var (fields, volume) = (fields, volume)
        fields.insert((key: "Type", value: .string(kind)), at: 0)
        if !labels.isEmpty { volume.append((key: "Labels", value: .pairs(labels))) }
        if !driver.isEmpty || !options.isEmpty {
            let config: [(key: String, value: JSON)] = [
                (key: "Name", value: .string(driver)), (key: "Options", value: .pairs(options)),
            ]
            volume.append((key: "DriverConfig", value: .object(config)))
        }
        if kind == "bind", let place = fields.firstIndex(where: { $0.key == "Source" }),
            let source = fields[place].value.string, source.hasPrefix(".")
        {
            fields[place].value = .string(absolutePath(source))
        }
        if !bind.isEmpty { fields.append((key: "BindOptions", value: .object(bind))) }
        if !volume.isEmpty { fields.append((key: "VolumeOptions", value: .object(volume))) }
        if !image.isEmpty { fields.append((key: "ImageOptions", value: .object(image))) }
        if !tmpfs.isEmpty { fields.append((key: "TmpfsOptions", value: .object(tmpfs))) }
        return .object(fields)
    }

    private func wrong(_ reason: String) -> Failure {
        Failure(message: "invalid argument \"\(text)\" for \"--mount\": \(reason)", status: 125)
    }

    /// Between commas, but for those in `"…"`, as in a line of CSV: `type=volume,"volume-opt=o=size=1m,mode=700"`.
    private static func fields(of text: String) -> [String] {
        var (fields, isQuoted) = ([""], false)
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields.filter { !$0.isEmpty }
    }
}
