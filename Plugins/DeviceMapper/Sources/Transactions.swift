// Every change of the pool is one transaction, in Docker's protocol: write down what is about to be done, do it,
// write or delete the device's record, and only then let the pool take the transaction's number as its own. A number
// written down that is larger than the pool's is a step that was cut short: it is undone by deleting its device. So a
// half-made layer goes, and a half-deleted one goes as well. To undo a deletion that was done changes nothing; so the
// pool, which writes all it has for each number, gets that of a deletion with the next step, or in the end.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// Makes a device, a snapshot of `origin` if there is one, and its record.
    func make(
        _ id: LayerID?,
        size: UInt64,
        origin: (id: LayerID?, record: DeviceRecord)?,
        after before: UInt64,
        _ state: inout Shared.State
    ) throws -> DeviceRecord {
        var record = DeviceRecord(deviceID: 0, size: size, transaction: before &+ 1)
        if let origin {
            record.deviceID = try pool.whileSuspended(pool.device(origin.id)) {
                try allot(id, before &+ 1, &state) { "create_snap \($0) \(origin.record.deviceID)" }
            }
        } else {
            record.deviceID = try allot(id, before &+ 1, &state) { "create_thin \($0)" }
        }
        do {
            try records.write(record, for: id)
            try pool.message("set_transaction_id \(before) \(before &+ 1)")
        } catch {
            // The first error is the one to report; what stays is undone by `remove`, or by the next start.
            try? pool.message("delete \(record.deviceID)")
            try? records.remove(id)
            throw error
        }
        state.used.insert(record.deviceID)
        return record
    }

    /// Finds a number that the pool takes for a new device.
    private func allot(
        _ id: LayerID?,
        _ transaction: UInt64,
        _ state: inout Shared.State,
        _ message: (UInt32) -> String
    ) throws -> UInt32 {
        while true {
            let number = try state.nextNumber()
            try records.write(
                TransactionRecord(transaction: transaction, device: id?.description ?? "", deviceID: number)
            )
            do {
                try pool.message(message(number))
                return number
            } catch {
                guard error.errno == .fileExists else { throw error }
                state.used.insert(number)  // a device without a record
            }
        }
    }

    /// Deletes a device and its record; false where somebody uses it: then it is deleted later.
    @discardableResult
    func delete(
        _ id: LayerID?,
        _ record: DeviceRecord,
        _ state: inout Shared.State,
        tries: Int = 30
    ) throws -> Bool {
        let name = pool.device(id)
        do {
            try pool.deactivate(name, deferred: false, tries: tries)
            let before = try pool.knowledge().transaction
            let step = TransactionRecord(
                transaction: before &+ 1,
                device: id?.description ?? "",
                deviceID: record.deviceID
            )
            try records.write(step)
            try deleteDevice(record.deviceID)
            try records.remove(id)
            state.deletion = step
        } catch let error as SystemError where error.errno == .resourceBusy && settings.isDeletionDeferred {
            try pool.deactivate(name, deferred: true)
            try markDeleted(id, record)
            if let id { state.leaving.insert(id) }
            return false
        }
        state.used.remove(record.deviceID)
        if let id { state.leaving.remove(id) }
        return true
    }

    /// Deletes a device of the pool; one that is not there is no error.
    private func deleteDevice(_ number: UInt32) throws {
        for attempt in 1... {
            do { return try pool.message("delete \(number)") } catch {
                if error.errno == .noData { return }
                // The device's name goes before the pool is told.
                guard error.errno == .resourceBusy, attempt < 30 else { throw error }
                usleep(10_000)
            }
        }
    }

    /// From now on the layer is no more, though its blocks are.
    func markDeleted(_ id: LayerID?, _ record: DeviceRecord) throws {
        if record.isDeleted { return }
        var record = record
        record.isDeleted = true
        try records.write(record, for: id, flush: false)
    }

    /// Gives the pool the number of a deletion that was the last step: for another engine, or a start that has less to
    /// do.
    func settle(_ state: inout Shared.State) throws {
        guard let step = state.deletion, try records.transaction() == step else { return }
        let before = try pool.knowledge().transaction
        if step.transaction == before &+ 1 { try pool.message("set_transaction_id \(before) \(step.transaction)") }
        state.deletion = nil
    }

    /// Undoes the last step if it was cut short.
    func rollBack(_ step: TransactionRecord, _ state: inout Shared.State) throws {
        let known = try pool.knowledge()
        // A failed one has no number.
        try pool.requireHealth(of: known)
        let before = known.transaction
        guard step.transaction > before else { return }
        // One step at a time is under way. A pool further behind knows nothing of layers that have records.
        guard step.transaction == before &+ 1 else { throw strangePool(step, before) }
        let id = LayerID(step.device)
        guard step.device.isEmpty || id != nil else { return }
        // Another home's pool can be at just that step, and knows nothing of this layer.
        try requireSameBase()
        // A record that nobody can read is that of the step: a record is renamed in whole.
        let record = try? records.device(id)
        if record.map({ $0.deviceID == step.deviceID }) ?? true, try !isOthers(step.deviceID, than: id) {
            do { try deleteDevice(step.deviceID) } catch let error as SystemError where error.errno == .resourceBusy {
                let left = record ?? DeviceRecord(deviceID: step.deviceID, size: 0)
                try pool.deactivate(pool.device(id), deferred: true)
                try markDeleted(id, left)
                return try pool.message("set_transaction_id \(before) \(step.transaction)")
            }
            try records.remove(id)
            state.used.remove(step.deviceID)
        }
        try pool.message("set_transaction_id \(before) \(step.transaction)")
    }

    private func strangePool(_ step: TransactionRecord, _ before: UInt64) -> DriverError {
        records.damaged(
            records.transactionFile,
            "step \(step.transaction) was begun, but the pool is at \(before): it is another pool than at the last "
                + "start, or an older copy; give the pool that belongs to this folder, or delete this file to go on"
        )
    }

    /// Whether the device is another layer's: a number that was tried, but turned out to be taken.
    private func isOthers(_ number: UInt32, than id: LayerID?) throws -> Bool {
        let layers: [LayerID?] = try records.layers() + [nil]
        return layers.contains { $0 != id && (try? records.device($0))?.deviceID == number }
    }

    /// Deletes what was in use when it was removed, and is not any more.
    func sweep(_ state: inout Shared.State) {
        for id in state.leaving {
            guard let record = try? records.device(id), record.isDeleted else {
                state.leaving.remove(id)
                continue
            }
            _ = try? delete(id, record, &state, tries: 1)  // it stays on the list, and the next one tries again
        }
    }
}
