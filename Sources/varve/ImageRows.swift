/// Images as a listing has them: one row a name.
struct ImageRows {
    let noTrunc: Bool
    /// A row for each digest of a name, too.
    let digests: Bool

    func listing(_ images: [JSON], digests showsDigests: Bool) -> Listing {
        var columns = [(header: "REPOSITORY", field: "Repository"), (header: "TAG", field: "Tag")]
        if showsDigests { columns.append((header: "DIGEST", field: "Digest")) }
        columns += [
            (header: "IMAGE ID", field: "ID"), (header: "CREATED", field: "CreatedSince"),
            (header: "SIZE", field: "Size"),
        ]
        return Listing(
            columns: columns,
            rows: images.flatMap(rows),
            headings: [
                "CreatedAt": "CREATED AT", "Digest": "DIGEST", "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE",
                "VirtualSize": "SIZE",
            ],
            raw: [
                (label: "repository", field: "Repository"), (label: "tag", field: "Tag"),
                (label: "image_id", field: "ID"), (label: "created_at", field: "CreatedAt"),
                (label: "virtual_size", field: "Size"),
            ]
        )
    }

    func rows(_ image: JSON) -> [JSON] {
        names(image).map { name in
            let created = image["Created"].int ?? 0
            let size = image["Size"].int ?? 0
            let id = image["Id"].string ?? ""
            return .object([
                (key: "Containers", value: .string(counted(image["Containers"]) { "\($0)" })),
                (key: "CreatedAt", value: .string(Moment(seconds: created).spoken)),
                (key: "CreatedSince", value: .string(ago(created))),
                (key: "Digest", value: .string(name.digest)),
                (key: "ID", value: .string(noTrunc ? id : shortID(id))),
                (key: "Repository", value: .string(name.repository)),
                (key: "SharedSize", value: .string(counted(image["SharedSize"]) { humanSize($0, digits: 4) })),
                (key: "Size", value: .string(humanSize(size))),
                (key: "Tag", value: .string(name.tag)),
                (key: "UniqueSize", value: .string(uniqueSize(image))),
                (key: "VirtualSize", value: .string(humanSize(size, digits: 4))),
            ])
        }
    }

    /// Names with their digests; digests whose repository has no tag; `<none>` without any.
    private func names(_ image: JSON) -> [(repository: String, tag: String, digest: String)] {
        let tags = image["RepoTags"].elements.compactMap(\.string).filter { $0 != "<none>:<none>" }.map(splitTag)
        let known = image["RepoDigests"].elements.compactMap(\.string).filter { !$0.hasPrefix("<none>") }.map { name in
            let at = name.lastIndex(of: "@") ?? name.endIndex
            return (repository: String(name[..<at]), digest: String(name[at...].dropFirst()))
        }
        guard !tags.isEmpty || !known.isEmpty else { return [("<none>", "<none>", "<none>")] }
        var names: [(repository: String, tag: String, digest: String)] = []
        for (repository, tag) in tags {
            let own = digests ? known.filter { $0.repository == repository }.map(\.digest) : []
            for digest in own.isEmpty ? ["<none>"] : own { names.append((repository, tag ?? "<none>", digest)) }
        }
        for (repository, digest) in known where !tags.contains(where: { $0.0 == repository }) {
            if digests || !names.contains(where: { $0.repository == repository }) {
                names.append((repository, "<none>", digests ? digest : ""))
            }
        }
        return names
    }

    /// -1: the daemon did not count.
    private func counted(_ value: JSON, _ text: (Int) -> String) -> String {
        guard let number = value.int, number >= 0 else { return "N/A" }
        return text(number)
    }

    private func uniqueSize(_ image: JSON) -> String {
        guard let shared = image["SharedSize"].int, shared >= 0, let size = image["Size"].int else { return "N/A" }
        return humanSize(size - shared, digits: 4)
    }
}
