import DockerAPI
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// `containers/<id>/`: the record, the host configuration, and the files that are mounted into the container.
///
/// Written aside and renamed in, so that a record is never half there.
struct ContainerFolder: Sendable {
    let path: FilePath

    /// Makes the folder with all its files at once; `standard` counts in those that are mounted. Nothing is flushed: until the
    /// disk was, the store doubts the container.
    static func make(
        _ path: FilePath,
        record: ContainerRecord,
        host: HostConfig,
        standard: ContainerDefaults = ContainerDefaults()
    ) throws {
        let folder = Self(path: path)
        try sys("mkdir \(path)") { mkdir(path.string, 0o710) }
        try folder.save(host, flush: false)
        try folder.writeMountedFiles(record, standard.applied(to: host))
        try folder.save(record, flush: false)
    }

    /// With `flush` the record is there whole also after a loss of power.
    func save(_ record: ContainerRecord, flush: Bool) throws {
        try writeAtomically(
            try Self.encode(record),
            to: path.appending("config.v2.json"),
            mode: [.ownerReadWrite],
            flush: flush
        )
    }

    /// With `flush` it is there whole also after a loss of power.
    func save(_ host: HostConfig, flush: Bool) throws {
        try writeAtomically(
            try Self.encode(host),
            to: path.appending("hostconfig.json"),
            mode: [.ownerReadWrite],
            flush: flush
        )
    }

    /// Reads what is there; a missing host configuration is an empty one, as dockerd takes it.
    func load() throws -> (ContainerRecord, HostConfig) {
        let decoder = JSONDecoder()
        var record = try decoder.decode(ContainerRecord.self, from: Data(readFile(path.appending("config.v2.json"))))
        record.place(in: path)
        let hostPath = path.appending("hostconfig.json")
        let host = exists(hostPath) ? try decoder.decode(HostConfig.self, from: Data(readFile(hostPath))) : HostConfig()
        return (record, host)
    }

    /// Writes those of `hostname`, `hosts` and `resolv.conf` that are not there: dockerd makes them at the first start.
    func writeMountedFiles(_ record: ContainerRecord, _ host: HostConfig) throws {
        // In place, since a container may have them mounted.
        func write(_ file: String, _ bytes: @autoclosure () -> [UInt8]) throws {
            if exists(FilePath(file)) { return }
            try writeFile(bytes(), to: FilePath(file), mode: FilePermissions(rawValue: 0o644))
        }
        try write(record.hostnamePath, Array("\(record.config.hostname)\n".utf8))
        try write(record.hostsPath, Array(HostFiles.hosts(record, host).utf8))
        try write(record.resolvConfPath, HostFiles.resolvConf(host))
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [0x0a]
    }
}
