import DockerAPI
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// `containers/<id>/`: the record, the host configuration, and the files that are mounted into the container.
///
/// Written aside and renamed in, so that a record is never half there; not flushed: what matters after a power cut is the
/// images, and a container made in its last second may be lost.
struct ContainerFolder: Sendable {
    let path: FilePath

    /// Makes the folder with all its files at once.
    static func make(_ path: FilePath, record: ContainerRecord, host: HostConfig) throws {
        let folder = Self(path: path)
        try sys("mkdir \(path)") { mkdir(path.string, 0o710) }
        try folder.save(host)
        try folder.writeMountedFiles(record, host)
        try folder.save(record)
    }

    func save(_ record: ContainerRecord) throws {
        try writeAtomically(
            try Self.encode(record),
            to: path.appending("config.v2.json"),
            mode: [.ownerReadWrite],
            flush: false
        )
    }

    func save(_ host: HostConfig) throws {
        try writeAtomically(
            try Self.encode(host),
            to: path.appending("hostconfig.json"),
            mode: [.ownerReadWrite],
            flush: false
        )
    }

    /// Reads what is there; a missing host configuration is an empty one, as dockerd takes it.
    func load() throws -> (ContainerRecord, HostConfig) {
        let decoder = JSONDecoder()
        let record = try decoder.decode(ContainerRecord.self, from: Data(readFile(path.appending("config.v2.json"))))
        let hostPath = path.appending("hostconfig.json")
        let host = exists(hostPath) ? try decoder.decode(HostConfig.self, from: Data(readFile(hostPath))) : HostConfig()
        return (record, host)
    }

    /// `hostname`, `hosts` and `resolv.conf`: written in place, since a container may have them mounted.
    private func writeMountedFiles(_ record: ContainerRecord, _ host: HostConfig) throws {
        let mode = FilePermissions(rawValue: 0o644)
        try writeFile(Array("\(record.config.hostname)\n".utf8), to: path.appending("hostname"), mode: mode)
        try writeFile(Array(HostFiles.hosts(record, host).utf8), to: path.appending("hosts"), mode: mode)
        try writeFile(HostFiles.resolvConf(host), to: path.appending("resolv.conf"), mode: mode)
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [0x0a]
    }
}
