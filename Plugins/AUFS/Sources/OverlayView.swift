// The kernel's overlayfs on aufs branches. The layer's own branch is the upper directory: when it is opened its notes
// become overlayfs's (`thaw`), when it is closed they become aufs's again (`freezeBranch`). The ancestors' branches are lower
// directories and stay as they are. Where one has notes, it gets two more around it, made once, with nothing but what
// overlayfs has to be told of them:
//
//     .overlay/<id>/over/      a device 0:0 for each file that is gone, and for each note, which must not be seen
//     diff/<id>/               the branch
//     .overlay/<id>/under/     an opaque folder for each opaque one

import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

extension AUFS {
    /// The overlay that joins the layer with its ancestors; the same every time while the layer is open.
    func overlay(_ id: LayerID, over above: [LayerID]) throws -> LayerView {
        // An opaque root is not overlayfs's to know, so nobody may write to such a layer as one.
        let isWhole = isSealed(id) || (isOpaque(id) && !isOverlay(id))
        var lowers: [FilePath] = []
        for ancestor in (isWhole ? [id] : []) + above {
            lowers += try branches(of: ancestor)
            // What is below does not show, but the kernel takes no note of an opaque mark on a layer's root.
            if isOpaque(ancestor) { break }
        }
        if isWhole, lowers.count == 1 { return .folder(lowers[0]) }
        if !isWhole { try takeOver(id) }
        let parts = try shortened(lowers, for: id).map { "lowerdir+=\($0)" }
        let own = isWhole ? ["ro"] : ["upperdir=\(branch(id))", "workdir=\(overlayWork(id))"]
        let order = isWhole ? own + parts : parts + own
        return .mounts([Mount(type: "overlay", source: "overlay", options: order + Mount.plainOverlayOptions)])
    }

    /// Makes the layer's branch overlayfs's.
    private func takeOver(_ id: LayerID) throws {
        // From this process or an earlier one, whose container may run on.
        if isOverlay(id) { return }
        try end(id)  // what a killed one left half done
        do {
            for folder in [work(id), folder(of: .overlay, id)] {
                try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
            }
            try thaw(branch(id))
            try makeFolder(overlayWork(id), 0o700)
        } catch {
            try? end(id)  // the first error is the one to report; the next `open` or `remove` tries again
            throw error
        }
    }

    func overlayWork(_ id: LayerID) -> FilePath { folder(of: .overlay, id).appending("work") }

    /// Whether the layer's branch is overlayfs's now.
    func isOverlay(_ id: LayerID) -> Bool { isFolder(overlayWork(id)) }

    /// The lower directories that a sealed layer's branch is to overlayfs, the topmost first.
    private func branches(of id: LayerID) throws -> [FilePath] {
        guard isFolder(branch(id)) else {
            throw DriverError.damaged(driver: Self.name, branch(id), reason: "it is missing; fetch the image again")
        }
        if isPlain(id) { return [branch(id)] }
        if try !isFolder(masks(id)) && !makeMasks(id) { return [branch(id)] }
        return [masks(id).appending("over"), branch(id), masks(id).appending("under")].filter { isFolder($0) }
    }

    private static let masking = Mutex(())

    func masks(_ id: LayerID) -> FilePath { home.appending(".overlay").appending(id.description) }

    /// Makes the two directories around a branch, unless they are there; false if it has no notes, which is noted.
    ///
    /// Two containers of one image may be opened at once: one makes them, the other waits.
    private func makeMasks(_ id: LayerID) throws -> Bool {
        try Self.masking.withLock { _ in try isFolder(masks(id)) || (!isPlain(id) && makeMasksAlone(id)) }
    }

    private func makeMasksAlone(_ id: LayerID) throws -> Bool {
        let aside = home.appending(".overlay").appending(".\(id).new")
        try removeTree(aside)
        try makeFolder(aside, 0o700)
        do { try buildMasks(of: branch(id), in: aside) } catch {
            try? removeTree(aside)  // the first error is the one to report
            throw error
        }
        if try listFolder(aside).isEmpty {
            seal(id, isPlain: true)
            try removeTree(aside)
            return false
        }
        try rename(aside, to: masks(id))
        return true
    }

    /// The folders by names so short that those of all fit in the page which mount(2) reads; few keep theirs.
    private func shortened(_ folders: [FilePath], for id: LayerID) throws -> [FilePath] {
        guard folders.count > Self.mostLongNames else { return folders }
        let names = work(id).appending("names")
        try makeFolders(names, mode: FilePermissions(rawValue: 0o700))
        for (number, folder) in folders.enumerated() {
            let link = names.appending("\(number)")
            // Somebody may be about to mount by the one that is there.
            if linkTarget(link) == folder.string { continue }
            unlink(link.string)
            try sys("make the link \(link)") { symlink(folder.string, link.string) }
        }
        let place = try shortName(of: id)
        return folders.indices.map { place.appending("\($0)") }
    }

    /// Some `.names/<number>`, a link to the layer's short names: the one it has, or the first that is free.
    private func shortName(of id: LayerID) throws -> FilePath {
        let target = "../.work/\(id)/names"
        var number = 0
        while true {
            let link = home.appending(".names").appending("\(number)")
            do {
                try sys("make the link \(link)") { symlink(target, link.string) }
                return link
            } catch {
                guard error.errno == .fileExists else { throw error }
                if linkTarget(link) == target { return link }
            }
            number += 1
        }
    }

    /// Deletes the layer's number, which leads to nothing any more.
    func deleteShortName(of id: LayerID) throws {
        for name in try listFolder(home.appending(".names")) {
            let link = home.appending(".names").appending(name)
            if linkTarget(link) == "../.work/\(id)/names" { unlink(link.string) }
        }
    }

    private func linkTarget(_ link: FilePath) -> String? {
        var buffer = [CChar](repeating: 0, count: 512)
        let count = readlink(link.string, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Forty names of two folders each take less than a page.
    private static let mostLongNames = 40
}
