// The small files below `metadata/`, in Docker's words. Each is written aside and renamed in; its bytes are on the disk
// before it has its name, so that a record is whole or not there.
//
// Its name is not flushed. The pool commits each message at once; after a power cut it may know a device whose record is
// not there, and a record may be there again whose device is gone. The store flushes what it needs before it registers a
// layer, and removes all others: of the first kind only the blocks stay used, and the number is passed over.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// What is written down about one thin device: a layer, or the base that all layers begin as.
struct DeviceRecord: Equatable {
    /// Its number in the pool, at most 24 bits.
    var deviceID: UInt32
    /// In bytes.
    var size: UInt64
    /// The pool's transaction that made it.
    var transaction: UInt64 = 0
    /// The base has its file system. Layers are written without.
    var isInitialized = false
    /// It is to be deleted as soon as nobody uses it.
    var isDeleted = false

    /// The largest number that the pool's metadata have room for.
    static let largestID: UInt32 = 0xff_ffff
}

/// The home's own: what is the same for all devices.
struct SetRecord: Equatable {
    /// The last device number given out: a hint.
    var nextDeviceID: UInt32 = 0
    /// Of the base's file system, to notice another pool.
    var baseUUID = ""
    /// `ext4` or `xfs`; empty in old homes.
    var baseFileSystem = ""
}

/// The step that is under way, or the last one: done if the pool's transaction is this one already.
struct TransactionRecord: Equatable {
    var transaction: UInt64
    /// The layer; empty for the base.
    var device: String
    var deviceID: UInt32
}

/// Reads and writes the records of one home.
struct Records: Sendable {
    /// `metadata/`.
    let folder: FilePath
    private var set: FilePath { folder.appending("deviceset-metadata") }
    var transactionFile: FilePath { folder.appending("transaction-metadata") }

    /// Where the record of a layer is, or of the base (nil).
    func path(_ id: LayerID?) -> FilePath { folder.appending(id?.description ?? "base") }

    /// Whether a layer can't have this name, since a file that is no layer's has it, or the pool's device.
    static func isReserved(_ name: String) -> Bool {
        ["base", "pool", "deviceset-metadata", "transaction-metadata"].contains(name) || name.hasSuffix(".migrated")
    }

    /// The record of a layer, or of the base; nil where there is none.
    func device(_ id: LayerID?) throws -> DeviceRecord? {
        guard let bytes = try contents(of: path(id)) else { return nil }
        guard let record = DeviceRecord(json: bytes) else {
            throw damaged(path(id), "it must hold a device's number and size as JSON; fetch the image again")
        }
        return record
    }

    func write(_ record: DeviceRecord, for id: LayerID?, flush: Bool = true) throws {
        try writeAtomically(record.json, to: path(id), flush: flush)
    }

    /// Deletes the record; one that is not there is no error.
    func remove(_ id: LayerID?) throws {
        do { try sys("delete \(path(id))") { unlink(path(id).string) } } catch {
            if error.errno != .noSuchFileOrDirectory { throw error }
        }
    }

    /// The layers with a record, whatever is in it; the base is not among them.
    func layers() throws -> [LayerID] {
        try listFolder(folder).compactMap { Self.isReserved($0) ? nil : LayerID($0) }
    }

    /// The home's own record; an unreadable one is as none, since all of it can be found out again.
    func deviceSet() throws -> SetRecord { try contents(of: set).flatMap { SetRecord(json: $0) } ?? SetRecord() }

    func write(_ record: SetRecord) throws { try writeAtomically(record.json, to: set) }

    /// The step under way; nil where there was none yet, or where nobody can read it.
    func transaction() throws -> TransactionRecord? {
        try contents(of: transactionFile).flatMap { TransactionRecord(json: $0) }
    }

    /// Overwrites the file where it is there: unlike a new one that costs no commit of the file system's journal.
    func write(_ record: TransactionRecord) throws {
        // Blanks after the value are no part of it, and the size stays the same.
        let padded = record.json + [UInt8](repeating: 0x20, count: max(0, Self.transactionSize - record.json.count))
        if try overwrite(padded, always: false) { return }
        do { try writeAtomically(padded, to: transactionFile) } catch let error as SystemError {
            // On a full disk a shorter file can still be overwritten: without that, nothing could be deleted there.
            guard [.noSpace, .diskQuotaExceeded].contains(error.errno), try overwrite(padded, always: true) else {
                throw error
            }
        }
    }

    private static let transactionSize = 256

    /// One write of less than a sector: a kill, or a power cut, leaves all of it or nothing. False where there is no
    /// file, or, unless `always`, one of another size: Docker's.
    private func overwrite(_ padded: [UInt8], always: Bool) throws -> Bool {
        let descriptor = open(transactionFile.string, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        let file = OwnedDescriptor(descriptor)
        let size = try sys("measure \(transactionFile)") { lseek(file.rawValue, 0, SEEK_END) }
        guard always || size == padded.count else { return false }
        try sys("write \(transactionFile)") { pwrite(file.rawValue, padded, padded.count, 0) }
        try sys("flush \(transactionFile)") { fdatasync(file.rawValue) }
        return true
    }

    /// Deletes what writes left that were killed.
    func clean() throws {
        for name in try listFolder(folder) where name.hasPrefix(".tmp") {
            unlink(folder.appending(name).string)
        }
    }

    private func contents(of path: FilePath) throws -> [UInt8]? {
        do { return try readFile(path, limit: 1 << 16) } catch let error as SystemError
            where error.errno == .noSuchFileOrDirectory
        { return nil }
    }

    func damaged(_ path: FilePath, _ reason: String) -> DriverError {
        .damaged(driver: DeviceMapper.name, path, reason: reason)
    }
}
