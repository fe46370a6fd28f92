/// `--mount type=bind,source=/a,target=/b,readonly` as the API takes it.
enum MountFlag {
    static func parse(_ text: String) throws -> JSON {
        var kind = "volume"
        var fields: [(key: String, value: JSON)] = []
        var bind: [(key: String, value: JSON)] = []
        var tmpfs: [(key: String, value: JSON)] = []
        var volume: [(key: String, value: JSON)] = []
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            let value = pair.count > 1 ? pair[1] : ""
            switch pair[0] {
            case "type": kind = value
            case "source", "src": fields.append((key: "Source", value: .string(value)))
            case "target", "dst", "destination": fields.append((key: "Target", value: .string(value)))
            case "readonly", "ro": fields.append((key: "ReadOnly", value: .bool(value != "false" && value != "0")))
            case "bind-propagation": bind.append((key: "Propagation", value: .string(value)))
            case "bind-create-src": bind.append((key: "CreateMountpoint", value: .bool(true)))
            case "volume-nocopy": volume.append((key: "NoCopy", value: .bool(value != "false" && value != "0")))
            case "volume-subpath": volume.append((key: "Subpath", value: .string(value)))
            case "tmpfs-size": tmpfs.append((key: "SizeBytes", value: .int(try parseSize(value))))
            case "tmpfs-mode": tmpfs.append((key: "Mode", value: .int(try mode(value))))
            default:
                throw Failure(
                    message: "invalid argument \"\(text)\" for \"--mount\": unknown option '\(pair[0])'",
                    status: 125
                )
            }
        }
        guard fields.contains(where: { $0.key == "Target" }) else {
            throw Failure(message: "invalid argument \"\(text)\" for \"--mount\": target is required", status: 125)
        }
        fields.insert((key: "Type", value: .string(kind)), at: 0)
        if !bind.isEmpty { fields.append((key: "BindOptions", value: .object(bind))) }
        if !volume.isEmpty { fields.append((key: "VolumeOptions", value: .object(volume))) }
        if !tmpfs.isEmpty { fields.append((key: "TmpfsOptions", value: .object(tmpfs))) }
        return .object(fields)
    }

    private static func mode(_ text: String) throws -> Int {
        guard let mode = Int(text, radix: 8) else {
            throw Failure(message: "invalid value for tmpfs-mode: \(text)", status: 125)
        }
        return mode
    }
}
