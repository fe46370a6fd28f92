import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// Deactivates all devices but those of open layers, then the pool if none is left; its loop devices go with it.
    public func release() throws {
        // Asked before: `open` and `close` wait for this lock while they count.
        let open = views.openIDs
        try shared.exclusively { state in try release(&state, but: open) }
    }

    /// The same for a caller who has the lock, and knows which layers are open.
    func release(_ state: inout Shared.State, but open: Set<LayerID>) throws {
        sweep(&state)
        // On a full disk too the pool must go; the number is a hint only, and a deletion can be done twice.
        try? writeHint(state)
        try? settle(&state)
        var isNeeded = false
        for name in try activeDevices() {
            let layer = LayerID(name.dropFirst(pool.prefix.count + 1))
            if let layer, open.contains(layer) {
                isNeeded = true
            } else {
                try pool.deactivate(name, deferred: true)
            }
        }
        guard pool.isOwn, !isNeeded, try Control.info(pool.name) != nil else { return }
        try pool.deactivate(pool.name, deferred: true)
    }

    /// For another engine, which goes on from there.
    private func writeHint(_ state: Shared.State) throws {
        var set = try records.deviceSet()
        guard set.nextDeviceID != state.last, !set.baseUUID.isEmpty else { return }
        set.nextDeviceID = state.last
        try records.write(set)
    }
}
