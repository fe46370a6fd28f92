// Thin devices while they can be used: a record says how one is made, the kernel says whether it is there.

import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension Pool {
    private static let patience = 100

    /// Makes the device usable; one that is usable already stays as it is. True where there was none.
    @discardableResult
    func activate(_ name: String, _ record: DeviceRecord) throws -> Bool {
        for _ in 0..<Self.patience {
            guard let info = try Control.info(name) else {
                try make(name, record)
                return true
            }
            // Cut short while it was made, or left by a layer of this name that is no more.
            guard info.isComplete, try isTable(of: name, for: record) else {
                try Control.remove(name)
                continue
            }
            if info.isSuspended { try Control.resume(name) }
            if info.isLeaving, try !stay(name) { continue }
            try Self.requireNode(of: name)
            return false
        }
        throw SystemError("activate the device \(name)", .resourceBusy)
    }

    private func make(_ name: String, _ record: DeviceRecord) throws {
        let text = "\(Control.node(self.name)) \(record.deviceID)"
        do { try Control.create(name, .init(length: record.size >> 9, type: "thin", text: text)) } catch {
            guard error.errno == .noData || error.errno == .invalidArgument else { throw error }
            throw SystemError("\(error.call): is the pool another one than at the last start?", error.errno)
        }
    }

    private func isTable(of name: String, for record: DeviceRecord) throws -> Bool {
        guard let table = try Control.table(name), table.type == "thin" else { return false }
        return table.length == record.size >> 9 && table.text.hasSuffix(" \(record.deviceID)")
    }

    /// Takes back that the device is to go; false where it is gone or going.
    func stay(_ name: String) throws -> Bool {
        do { try Control.message("@cancel_deferred_remove", to: name) } catch {
            if error.errno == .noSuchAddressOrDevice { return false }
            guard error.errno == .resourceBusy else { throw error }
            usleep(100_000)
            return false
        }
        return true
    }

    /// The node went when the device was told to go.
    static func requireNode(of name: String) throws {
        if !exists(Control.node(name)) { try Control.makeNode(name) }
    }

    /// Removes the device, of which the layer's data stay in the pool; what is not there is no error.
    ///
    /// Who had it open a moment ago may need a few milliseconds to let it go: `tries` times 10. If it is `deferred`
    /// it goes when its last user does.
    func deactivate(_ name: String, deferred: Bool, tries: Int = 30) throws {
        for attempt in 1... {
            do { return try Control.remove(name, deferred: deferred) } catch {
                guard error.errno == .resourceBusy, attempt < tries else { throw error }
                usleep(10_000)
            }
        }
    }

    /// Gives back the device's blocks that no other has, to the data device; fails where it is mounted.
    func discard(_ name: String, size: UInt64) throws {
        let node = Control.node(name)
        let device = OwnedDescriptor(try sys("open \(node)") { open(node.string, O_RDWR | O_EXCL | O_CLOEXEC) })
        try sys("discard \(node)") { linux_block_discard(device.rawValue, 0, size) }
    }

    /// Runs `body` while the device's file system stands still, if the device is active.
    func whileSuspended<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
        guard let info = try Control.info(name), info.isComplete else { return try body() }
        guard try suspend(name) else { return try body() }
        let result: Result
        do { result = try body() } catch {
            try? resume(name)  // the first error is the one to report; the next start resumes all devices
            throw error
        }
        try resume(name)
        return result
    }

    /// False where the device is gone.
    private func suspend(_ name: String) throws -> Bool {
        for attempt in 1... {
            do {
                try Control.suspend(name)
                break
            } catch {
                if error.errno == .noSuchAddressOrDevice { return false }
                // Before Linux 6.8 a file system can't be frozen twice: `settle` or somebody else has it frozen. Since then
                // one that is just being unmounted can't be frozen (EINVAL), until the device is let go.
                let mayPass = [.resourceBusy, .invalidArgument].contains(error.errno)
                guard mayPass, attempt < 10 * Self.patience else { throw error }
                usleep(10_000)
            }
        }
        return true
    }

    private func resume(_ name: String) throws {
        do { try Control.resume(name) } catch {
            if error.errno != .noSuchAddressOrDevice { throw error }
        }
    }
}
