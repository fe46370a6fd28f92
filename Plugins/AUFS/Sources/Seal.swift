import GraphDrivers
import Linux
import Synchronization
import SystemPackage

// A layer that has children, or that a tar is applied to, is never written to through its view. An attribute of its
// branch's root says so: no file that another engine would have to understand.

extension AUFS {
    /// Two children may be made at once: one seals, the other waits.
    private static let sealing = Mutex(())
    private static let seal = "trusted.varve.sealed"
    private static let plain = Array("plain".utf8)

    func isSealed(_ id: LayerID) -> Bool { sealed(id) != nil }

    /// Whether the sealed layer is known to have no notes.
    func isPlain(_ id: LayerID) -> Bool { sealed(id) == Self.plain }

    private func sealed(_ id: LayerID) -> [UInt8]? {
        (try? extendedAttribute(Self.seal, at: branch(id))) ?? nil  // without attributes nothing is sealed
    }

    func seal(_ id: LayerID, isPlain: Bool = false) {
        // Without attributes the layer stays writable through its view, which nobody does.
        try? setExtendedAttribute(Self.seal, isPlain ? Self.plain : [UInt8(ascii: "y")], at: branch(id))
    }

    /// Seals a layer that is about to have a child, and leaves it as aufs would, if a killed daemon could not.
    func seal(parent: LayerID) throws { try Self.sealing.withLock { _ in try sealAlone(parent) } }

    private func sealAlone(_ parent: LayerID) throws {
        if isSealed(parent) { return }
        if isFolder(work(parent)) {
            if views.isOpen(parent) {
                throw SystemError(
                    "make a child of layer \(parent): it is open, and may change; close it",
                    .resourceBusy
                )
            }
            try end(parent)
        }
        // Without ancestors it was shown as it is, so its container could make files of any name.
        if try ancestors(of: parent).isEmpty { try deleteNotes(branch(parent)) }
        seal(parent)
    }

    /// Seals the parents that another engine made.
    func sealParents() throws {
        for name in try listFolder(home.appending("layers")) {
            // The store tells of a damaged layer; the others can be used.
            guard let id = LayerID(name), let parent = (try? ancestors(of: id))?.first, contains(parent) else {
                continue
            }
            if !isSealed(parent) { seal(parent) }
        }
    }
}
