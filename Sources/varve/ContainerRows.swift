/// Containers as a listing has them.
struct ContainerRows {
    let noTrunc: Bool

    func listing(_ containers: [JSON], size: Bool) -> Listing {
        var columns = [
            (header: "CONTAINER ID", field: "ID"), (header: "IMAGE", field: "Image"),
            (header: "COMMAND", field: "Command"), (header: "CREATED", field: "RunningFor"),
            (header: "STATUS", field: "Status"), (header: "PORTS", field: "Ports"), (header: "NAMES", field: "Names"),
        ]
        var raw = [
            (label: "container_id", field: "ID"), (label: "image", field: "Image"),
            (label: "command", field: "Command"), (label: "created_at", field: "CreatedAt"),
            (label: "state", field: "State"), (label: "status", field: "Status"), (label: "names", field: "Names"),
            (label: "labels", field: "Labels"), (label: "ports", field: "Ports"),
        ]
        if size {
            columns.append((header: "SIZE", field: "Size"))
            raw.append((label: "size", field: "Size"))
        }
        return Listing(
            columns: columns,
            rows: containers.map(row),
            labels: containers.map { $0["Labels"] },
            headings: ["CreatedAt": "CREATED AT", "LocalVolumes": "LOCAL VOLUMES", "Size": "SIZE"],
            raw: raw
        )
    }

    func row(_ container: JSON) -> JSON {
        let id = container["Id"].string ?? ""
        let command = container["Command"].string ?? ""
        let created = container["Created"].int ?? 0
        let mounts = container["Mounts"].elements
        let networks = container["NetworkSettings"]["Networks"].fields.map(\.key).sorted()
        return .object([
            (key: "Command", value: .string(goQuoted(noTrunc ? command : ellipsis(command, 20)))),
            (key: "CreatedAt", value: .string(Moment(seconds: created).spoken)),
            (key: "ID", value: .string(noTrunc ? id : shortID(id))),
            (key: "Image", value: .string(image(container))),
            (key: "Labels", value: .string(joinedPairs(container["Labels"]))),
            (key: "LocalVolumes", value: .string("\(mounts.filter { $0["Driver"].string == "local" }.count)")),
            (key: "Mounts", value: .string(mounts.map(mount).joined(separator: ","))),
            (key: "Names", value: .string(names(container))),
            (key: "Networks", value: .string(networks.joined(separator: ","))),
            (key: "Platform", value: .null),
            (key: "Ports", value: .string(PublishedPorts(container["Ports"].elements).text)),
            (key: "RunningFor", value: .string(ago(created))),
            (key: "Size", value: .string(sizes(container))),
            (key: "State", value: container["State"]),
            (key: "Status", value: container["Status"]),
        ])
    }

    /// An ID in short; a name without its digest.
    private func image(_ container: JSON) -> String {
        let image = container["Image"].string ?? ""
        guard !image.isEmpty, !noTrunc else { return image.isEmpty ? "<no image>" : image }
        let id = shortID(container["ImageID"].string ?? "")
        if shortID(image) == id { return id }
        return String(image.prefix { $0 != "@" })
    }

    private func mount(_ mount: JSON) -> String {
        let name = mount["Name"].string ?? ""
        let shown = name.isEmpty ? mount["Source"].string ?? "" : name
        return noTrunc ? shown : ellipsis(shown, 15)
    }

    /// Without the names that links give it, unless all is to be shown.
    private func names(_ container: JSON) -> String {
        let names = container["Names"].elements.compactMap(\.string).map { name in
            name.hasPrefix("/") ? String(name.dropFirst()) : name
        }
        return names.filter { noTrunc || !$0.contains("/") }.joined(separator: ",")
    }

    private func sizes(_ container: JSON) -> String {
        let own = humanSize(container["SizeRw"].int ?? 0)
        guard let whole = container["SizeRootFs"].int, whole > 0 else { return own }
        return "\(own) (virtual \(humanSize(whole)))"
    }
}
