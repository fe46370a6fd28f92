import Archive
import GraphDrivers
import PluginProtocol
import SystemPackage

/// What each call does with the driver; on threads that may block.
struct ServedCalls: Sendable {
    let homes: ServedHomes
    private let locks = LayerLocks()

    init(homes: ServedHomes) { self.homes = homes }

    /// A call whose answer is small.
    func answer(_ call: PluginCall, _ request: PluginRequest) throws -> PluginAnswer {
        var answer = PluginAnswer()
        switch call {
        case .activate: answer.kinds = [PluginCall.kind]
        case .initialize: try initialize(request)
        case .capabilities: answer.capabilities = try promises(request)
        case .cleanup: try homes.release(request.home)
        case .status:
            answer.status = try homes.with(request.home) { $0.driver.status.map { [$0.key, $0.value] } }
        default: try homes.with(request.home) { try fill(&answer, call, $0, id(request), request) }
        }
        return answer
    }

    private func fill(
        _ answer: inout PluginAnswer,
        _ call: PluginCall,
        _ served: ServedHomes.Served,
        _ id: LayerID,
        _ request: PluginRequest
    ) throws {
        let (driver, views) = (served.driver, served.views)
        switch call {
        case .create, .createReadWrite:
            let isWritable = call == .createReadWrite
            let options = LayerOptions(isWritable: isWritable, storage: request.storageOptions ?? [:])
            if let label = request.mountLabel, !label.isEmpty { throw DriverServerError.labelled(label) }
            let parent = try parent(request)
            try locks.with(id) { try driver.create(id, parent: parent, options: options) }
        case .remove:
            try locks.with(id) {
                try views.closeAll(id, of: driver)
                try driver.remove(id)
            }
        case .get:
            if let label = request.mountLabel, !label.isEmpty { throw DriverServerError.labelled(label) }
            answer.folder = try locks.with(id) { try views.open(id, of: driver).string }
        case .put: try locks.with(id) { try views.close(id, of: driver) }
        case .exists: answer.exists = driver.contains(id)
        case .metadata: answer.metadata = try driver.metadata(of: id)
        case .changes:
            answer.changes = try driver.changes(in: id, since: try parent(request))
                .map { .init(path: $0.path.string, kind: $0.kind.rawValue) }
        case .diffSize: answer.size = try driver.size(of: id, since: try parent(request))
        default: throw DriverServerError.missing("meaning here")
        }
    }

    /// The layer's tar, into `sink`.
    func diff(_ request: PluginRequest, to sink: any ByteSink) throws {
        try homes.with(request.home) { try $0.driver.diff(of: id(request), since: parent(request), to: sink) }
    }

    func apply(_ tar: any ByteSource, _ request: PluginRequest, _ limits: ArchiveLimits) throws -> PluginAnswer {
        var answer = PluginAnswer()
        let (id, parent) = (try id(request), try parent(request))
        try homes.with(request.home) { served in
            try locks.with(id) {
                answer.size = try served.driver.apply(tar, to: id, parent: parent, limits: limits)
                try tar.copy(to: Nowhere())  // zeros behind the tar's end: who sends them waits until they are taken
            }
        }
        return answer
    }

    private final class Nowhere: ByteSink {
        func write(_ bytes: UnsafeRawBufferPointer) {}
    }

    private func initialize(_ request: PluginRequest) throws {
        guard let home = request.home, home.hasPrefix("/") else { throw DriverServerError.missing("Home") }
        let maps = (request.users ?? []) + (request.groups ?? [])
        guard maps.allSatisfy({ $0.inside == $0.outside }) else { throw DriverServerError.mappedOwners }
        try homes.open(home, options: request.options ?? [], isNamed: request.namesHome == true)
    }

    private func promises(_ request: PluginRequest) throws -> PluginPromises {
        var promises = PluginPromises()
        let capabilities = try homes.with(request.home) { $0.driver.capabilities }
        promises.exactDiffs = capabilities.contains(.sameTars)
        promises.homes = true
        promises.limits = true
        promises.varve = capabilities.rawValue
        return promises
    }

    private func id(_ request: PluginRequest) throws -> LayerID { try id(request.id ?? "") }

    private func parent(_ request: PluginRequest) throws -> LayerID? {
        guard let text = request.parent, !text.isEmpty else { return nil }
        return try id(text)
    }

    private func id(_ text: String) throws -> LayerID {
        guard !text.isEmpty else { throw DriverServerError.missing("ID") }
        guard let id = LayerID(text) else { throw DriverServerError.badID(text) }
        return id
    }
}
