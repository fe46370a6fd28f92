import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// Deactivates all devices but those of open layers, then the pool if none is left; its loop devices go with it.
    public func release() throws {
        try shared.exclusively { state in
            sweep(&state)
            // On a full disk too the pool must go; the number is a hint only, and a deletion can be done twice.
            try? writeHint(state)
            try? settle(&state)
            var isNeeded = false
            for name in try activeDevices() {
                let layer = LayerID(name.dropFirst(pool.prefix.count + 1))
                if let layer, views.isOpen(layer) {
                    isNeeded = true
                } else {
                    try pool.deactivate(name, deferred: true)
                }
            }
            guard pool.isOwn, !isNeeded, try Control.info(pool.name) != nil else { return }
            try pool.deactivate(pool.name, deferred: true)
        }
    }

    /// For another engine, which goes on from there.
    private func writeHint(_ state: Shared.State) throws {
        var set = try records.deviceSet()
        guard set.nextDeviceID != state.last, !set.baseUUID.isEmpty else { return }
        set.nextDeviceID = state.last
        try records.write(set)
    }
}
