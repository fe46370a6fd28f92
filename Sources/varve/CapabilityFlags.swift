/// What `--cap-add` and `--cap-drop` come to: names in full, `ALL` instead of all, and none both added and dropped.
struct CapabilityFlags {
    let added: [String]
    let dropped: [String]

    init(added: [String], dropped: [String]) {
        let added = Self.names(added)
        self.added = added.sorted()
        self.dropped = Self.names(dropped).subtracting(added).sorted()
    }

    private static func names(_ flags: [String]) -> Set<String> {
        let names = flags.map { flag -> String in
            let name = flag.filter { $0 != " " }.uppercased()
            return name == "ALL" || name == "RESET" || name.hasPrefix("CAP_") ? name : "CAP_\(name)"
        }
        return names.contains("ALL") ? ["ALL"] : Set(names)
    }
}
