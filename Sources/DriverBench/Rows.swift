import GraphDrivers

/// The rows of a report: for each file system the plain folders on it, then the drivers there.
struct Rows {
    private(set) var all: [(target: Target, facts: TargetFacts)] = []

    init(_ targets: [Target], _ scratch: Scratch) throws {
        var places: [Target.Place] = []
        for target in targets where !places.contains(target.place) { places.append(target.place) }
        for place in places {
            let plain = Target(kind: DriverKind(Plain.self), place: place)
            let baseline = places.count > 1 ? "plain@\(place)" : "plain"
            try add(plain, id: baseline, kind: .plain, scratch)
            for target in targets where target.place == place {
                try add(target, id: name(of: target, among: targets), kind: .driver, scratch)
                all[all.count - 1].facts.baseline = baseline
            }
        }
    }

    private mutating func add(_ target: Target, id: String, kind: TargetFacts.Kind, _ scratch: Scratch) throws {
        let folder = try scratch.folder(for: target.place)
        all.append((target, TargetFacts(target, id: unused(id), kind: kind, folder: folder)))
    }

    /// The driver's name, with as much else as tells it from others of that name.
    private func name(of target: Target, among targets: [Target]) -> String {
        let others = targets.filter { $0.kind.name == target.kind.name }
        var name = target.kind.name
        if others.contains(where: { $0.place != target.place }) { name += "@\(target.place)" }
        if others.contains(where: { $0.options != target.options }), !target.options.isEmpty {
            name += "," + target.options.joined(separator: ",")
        }
        return name
    }

    private func unused(_ id: String) -> String {
        let taken = Set(all.map(\.facts.id))
        return (1...).lazy.map { $0 == 1 ? id : "\(id)#\($0)" }.first { !taken.contains($0) } ?? id
    }
}
