// Which storage driver the daemon runs, by Docker's rules: the one that was asked for, and no other; else the one that has
// data in the data root; else the first this host supports. Asked for is: the command line, else the environment
// (`VARVE_DRIVER`, `DOCKER_DRIVER`), else the configuration file. A name that was asked for is never replaced by another.

import Linux
public import SystemPackage

/// Chooses among the drivers there are.
public enum DriverChoice {
    /// What was asked for, and where.
    struct Request {
        let name: String
        let origin: String
    }

    /// Opens the driver to use.
    ///
    /// `drivers` are in order of priority; the chosen one's home is `<data root>/<name>`.
    public static func choose(
        from drivers: [DriverKind],
        dataRoot: FilePath,
        requested: String?,
        configured: String? = nil,
        environment: [String: String],
        options: DriverOptions
    ) throws -> any GraphDriver {
        func open(_ kind: DriverKind) throws -> any GraphDriver {
            try kind.open(home: home(of: kind, in: dataRoot), options: options)
        }
        if let request = request(requested, configured, environment) {
            return try open(driver(named: request.name, among: drivers))
        }
        let prior = try priors(among: drivers, in: dataRoot)
        if let kind = prior.first { return try open(kind) }
        var reasons: [String] = []
        for kind in drivers {
            do { return try open(kind) } catch let error as DriverError {
                guard case .unsupported = error else { throw error }
                reasons.append("\(error)")
            }
        }
        throw ChoiceError.noneSupported(reasons)
    }

    /// The same decision without touching a driver's home: each driver is tried in a folder of its own beside them.
    public static func examine(
        _ drivers: [DriverKind],
        dataRoot: FilePath,
        requested: String?,
        configured: String? = nil,
        environment: [String: String],
        options: DriverOptions
    ) -> DriverDecision {
        let request = request(requested, configured, environment)
        clearAbandoned(in: existingFolder(of: dataRoot), drivers)
        let candidates = drivers.map { kind in
            // Options are for the driver that is asked for; the others are tried without.
            let meant = request.map { $0.name == kind.name } ?? true
            return candidate(kind, dataRoot: dataRoot, options: meant ? options : DriverOptions())
        }
        func decision(_ name: String?, _ reason: String) -> DriverDecision {
            guard let name, let found = candidates.first(where: { $0.name == name }), !found.isSupported else {
                return DriverDecision(candidates: candidates, chosen: name, reason: reason)
            }
            let refusal = "\(reason), but this host can't run it: \(found.fact); nothing else is tried"
            return DriverDecision(candidates: candidates, chosen: nil, reason: refusal)
        }
        do {
            if let request {
                return decision(try driver(named: request.name, among: drivers).name, "asked for by \(request.origin)")
            }
            if let prior = try priors(among: drivers, in: dataRoot).first {
                return decision(prior.name, "it has data in \(dataRoot), and no other driver does")
            }
            guard let first = candidates.first(where: \.isSupported) else {
                return decision(nil, "this host supports none of the drivers")
            }
            return decision(first.name, "nobody asked for a driver; it is the first in order that this host supports")
        } catch {
            return decision(nil, "\(error)")
        }
    }

    /// Docker never takes `vfs` for the driver to go on with: it is the last resort, and its data is left alone.
    private static let neverPrior: Set<String> = ["vfs"]

    private static func request(
        _ requested: String?,
        _ configured: String?,
        _ environment: [String: String]
    ) -> Request? {
        let asked = [
            (requested, "--storage-driver"), (environment["VARVE_DRIVER"], "VARVE_DRIVER in the environment"),
            (environment["DOCKER_DRIVER"], "DOCKER_DRIVER in the environment"), (configured, "the configuration file"),
        ]
        for case (let name?, let origin) in asked where !name.isEmpty { return Request(name: name, origin: origin) }
        return nil
    }

    private static func home(of kind: DriverKind, in dataRoot: FilePath) -> FilePath {
        dataRoot.appending(kind.name)
    }

    private static func driver(
        named name: String,
        among drivers: [DriverKind]
    ) throws -> DriverKind {
        guard let kind = drivers.first(where: { $0.name == name }) else {
            throw ChoiceError.unknown(name: name, known: drivers.map { $0.name })
        }
        return kind
    }

    /// The drivers to go on with, at most one; throws where several have data.
    private static func priors(
        among drivers: [DriverKind],
        in dataRoot: FilePath
    ) throws -> [DriverKind] {
        let prior = drivers.filter { !neverPrior.contains($0.name) && hasData($0, in: dataRoot) }
        guard prior.count <= 1 else {
            throw ChoiceError.severalWithData(dataRoot: dataRoot.string, names: prior.map { $0.name })
        }
        return prior
    }

    private static func hasData(_ kind: DriverKind, in dataRoot: FilePath) -> Bool {
        // A home that can't be read counts as data: better to say so than to start over beside it.
        guard let names = try? listFolder(home(of: kind, in: dataRoot)) else { return true }
        return !names.isEmpty
    }

    private static func candidate(
        _ kind: DriverKind,
        dataRoot: FilePath,
        options: DriverOptions
    ) -> DriverDecision.Candidate {
        func result(_ isSupported: Bool, _ fact: String, _ remedy: String?) -> DriverDecision.Candidate {
            .init(
                name: kind.name,
                isSupported: isSupported,
                fact: fact,
                remedy: remedy,
                hasData: hasData(kind, in: dataRoot)
            )
        }
        do {
            let scratch = try AtomicFolder(in: existingFolder(of: dataRoot), prefix: prefix)
            defer { try? scratch.cancel() }  // what is left over says by its name what it was
            let lock = try FolderLock(scratch.path)
            defer { withExtendedLifetime(lock) {} }
            _ = try lock.take()
            let driver = try kind.open(home: home(of: kind, in: scratch.path), options: options)
            defer { try? driver.release() }  // as above
            let facts = driver.status.map { "\($0.key): \($0.value)" }
            return result(true, facts.isEmpty ? "runs on every file system" : facts.joined(separator: ", "), nil)
        } catch DriverError.unsupported(_, let reason, let remedy) {
            return result(false, reason, remedy)
        } catch {
            return result(false, "\(error)", nil)
        }
    }

    private static let prefix = ".varve-probe-"

    /// Ends and deletes what was left by those who were killed while they tried a driver.
    private static func clearAbandoned(in place: FilePath, _ drivers: [DriverKind]) {
        for folder in (try? FolderLock.abandoned(in: place, prefix: prefix)) ?? [] {
            for kind in drivers where isFolder(home(of: kind, in: folder)) {
                // It finds what it has of the host, as a pool of devices, and gives it back.
                if let driver = try? kind.open(home: home(of: kind, in: folder), options: DriverOptions()) {
                    try? driver.release()
                }
            }
            try? removeTree(folder)
        }
    }

    /// The data root, or the nearest folder above it that exists: on the file system where it would be made.
    private static func existingFolder(of dataRoot: FilePath) -> FilePath {
        var folder = dataRoot
        while !isFolder(folder), !folder.components.isEmpty { folder.removeLastComponent() }
        return folder.isEmpty ? "." : folder
    }
}
