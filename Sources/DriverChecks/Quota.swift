import Archive
import CLinux
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

// `size=`: how much a container may write.

extension Check {
    static let quota: [Check] =
        refusals + [
            Check("what is past the limit is refused, the layer works on, and is removed", needs: .quota) { scene in
                let limits = try Limits(scene)
                let before = try scene.leftovers()
                let b = try limits.layer("b", limits.small)
                let taken = try limits.fill(b, "full")
                try limits.expect(taken, within: limits.small)
                try scene.see(b) { tree in
                    try expectEqual(try tree.text("f"), "content", "the image's file in a full layer")
                    try tree.remove("full")
                    try limits.afterDeleting { try tree.file("after", "there is room again") }
                    try expectEqual(try tree.text("after"), "there is room again", "the file")
                }
                let again = try limits.fill(b, "again")
                try expect(again >= taken / 2, "of \(taken) bytes that were deleted, \(again) can be had again")
                try scene.driver.remove(b)
                try expectEqual(try scene.leftovers(), before, "files in the home")
            },
            Check("what the image holds counts only where the driver says so", needs: .quota) { scene in
                let limits = try Limits(scene)
                var tar = LayerTar()
                tar.filled("large", 12 << 20)
                let image = try scene.apply(tar.finished, as: "large", on: limits.image).id
                let plain = try limits.fill(limits.layer("b", limits.small), "full")
                let taken = try limits.fill(limits.layer("c", limits.small, on: image), "full")
                let covers = scene.driver.capabilities.contains(.quotaCoversImage)
                let (counted, wanted) = (plain - taken, Int64(covers ? 12 << 20 : 0))
                try expect(
                    abs(counted - wanted) < 2 << 20,
                    "an image of 12 MiB takes \(counted) bytes from a limit of \(limits.small)"
                )
            },
            Check("a full layer takes nothing from others, whatever their limits", needs: .quota) { scene in
                let limits = try Limits(scene)
                let b = try limits.layer("b", limits.small)
                let (c, d) = (try limits.layer("c", limits.small), try limits.layer("d", limits.large))
                let free = try scene.layer("e", on: limits.image)
                let taken = try limits.fill(b, "full")
                try scene.see(free) { try $0.file("g", String(repeating: "x", count: 1 << 20)) }
                let others = try [limits.fill(c, "full"), limits.fill(d, "full")]
                try expect(abs(others[0] - taken) < 2 << 20, "under one limit fit \(taken) and \(others[0]) bytes")
                try limits.expect(others[1], within: limits.large)
            },
            Check("a layer made again with a larger size holds more, with the same as much", needs: .quota) { scene in
                let limits = try Limits(scene)
                let before = try scene.leftovers()
                var taken: [Int64] = []
                for size in [limits.small, limits.small, limits.large] {
                    let b = try limits.layer("b", size)
                    taken.append(try limits.fill(b, "full"))
                    try limits.expect(taken[taken.count - 1], within: size)
                    try scene.driver.remove(b)
                    try expectEqual(try scene.leftovers(), before, "files in the home")
                }
                try expect(abs(taken[1] - taken[0]) < 2 << 20, "at first \(taken[0]) bytes fit, then \(taken[1])")
                try expect(taken[2] > taken[0] * 3 / 2, "twice the size holds \(taken[2]) bytes instead of \(taken[0])")
            },
            Check("a limit holds after a second start, for what is open then too", needs: .quota) { scene in
                let limits = try Limits(scene)
                let b = try limits.layer("b", limits.small)
                try scene.see(b) { try $0.file("g") }
                scene.release()
                let again = scene.with(try scene.reopened())
                defer { again.release() }
                try again.driver.close(b)
                try limits.expect(try Limits.fill(again, b, "full", limits.large * 2), within: limits.small)
            },
            Check("a limited layer on a limited one has a limit of its own", needs: .quota) { scene in
                let limits = try Limits(scene)
                // As a container's on its own `-init` layer.
                let b = try limits.layer("b", limits.small)
                try scene.see(b) { try $0.file("etc-hosts", String(repeating: "x", count: 1 << 20)) }
                let c = try limits.layer("c", limits.small, on: b)
                try limits.expect(try limits.fill(c, "full"), within: limits.small)
                let d = try limits.layer("d", limits.large, on: b)
                try limits.expect(try limits.fill(d, "full"), within: limits.large)
            },
        ]

    private static let refusals: [Check] = [
        Check("a size is refused by a driver that limits nothing, in words that say so") { scene in
            guard !scene.driver.capabilities.contains(.quota) else {
                throw Skipped(description: "\(scene.driver.name) does not promise this: it has limits")
            }
            try refused(scene, "1G") { "\($0)".contains("size") || "\($0)".contains("storage-opt") }
        },
        Check("a size that is none is refused, in words that name it, and leaves nothing", needs: .quota) { scene in
            for text in ["", "much", "-1", "10q", "1..5G", "99999999999999P"] {
                try refused(scene, text) { "\($0)".contains(text) }
            }
        },
        Check("a size of 0 is refused, or no limit: no layer that can hold nothing is made", needs: .quota) { scene in
            let id = try scene.id("b")
            let options = LayerOptions(isWritable: true, storage: ["size": "0"])
            do { try scene.driver.create(id, parent: nil, options: options) } catch is DriverError {
                return try expect(!scene.driver.contains(id), "refused, but there")
            }
            try scene.see(id) { try $0.file("f", String(repeating: "x", count: 1 << 20)) }
        },
        Check(
            "a size that is less than what is there already is refused, and leaves nothing",
            needs: [.quota, .quotaCoversImage]
        ) { scene in
            var tar = LayerTar()
            tar.filled("large", 12 << 20)
            let image = try scene.apply(tar.finished, as: "image", on: nil).id
            try refused(scene, "6m", on: image)
        },
    ]

    private static func refused(
        _ scene: Scene,
        _ size: String,
        on parent: LayerID? = nil,
        _ isRight: @escaping (any Error) -> Bool = { _ in true }
    ) throws {
        let before = try scene.leftovers()
        let id = try scene.id("b")
        try expectError("a layer of size '\(size)'", { $0 is DriverError && isRight($0) }) {
            try scene.driver.create(
                id,
                parent: parent,
                options: LayerOptions(isWritable: true, storage: ["size": size])
            )
        }
        try expect(!scene.driver.contains(id), "a layer of size '\(size)' was refused, but is there")
        try expectEqual(try scene.leftovers(), before, "files in the home")
    }
}

/// Two sizes that the driver takes, the second twice the first, and an image to use them on.
private struct Limits {
    let scene: Scene
    let image: LayerID
    private(set) var small: Int64 = 24 << 20
    var large: Int64 { small * 2 }

    /// Some drivers take no size below that of their file systems: the first that is taken is the small one.
    init(_ scene: Scene) throws {
        self.scene = scene
        image = try scene.layer("image") { try $0.file("f") }
        while small < 1 << 40 {
            do {
                try scene.driver.remove(layer("probe", small))
                return
            } catch DriverError.invalidOption { small *= 2 }
        }
        throw Broken(description: "no size up to 1 TiB is taken")
    }

    func layer(_ name: String, _ size: Int64, on parent: LayerID? = nil) throws -> LayerID {
        let id = try scene.id(name)
        let options = LayerOptions(isWritable: true, storage: ["size": "\(size)"])
        try scene.driver.create(id, parent: parent ?? image, options: options)
        return id
    }

    /// How much fits into a layer's new folder `name`; of a layer without limit, twice the larger limit.
    func fill(_ id: LayerID, _ name: String) throws -> Int64 { try Self.fill(scene, id, name, large * 2) }

    static func fill(_ scene: Scene, _ id: LayerID, _ name: String, _ most: Int64) throws -> Int64 {
        try scene.see(id) { tree in
            let taken = Mutex(Int64(0))
            // As in a container, which may not go past limits: ext4's do not hold for who has this capability.
            try inParallel(1) { _ in
                try sys("give up CAP_SYS_RESOURCE") { linux_give_up_capability(CInt(LINUX_CAP_SYS_RESOURCE)) }
                let count = try tree.fill(name, most: most)
                taken.withLock { $0 = count }
            }
            return taken.withLock { $0 }
        }
    }

    /// Some file systems give back a little later what was deleted: by a thread that has yet to let go of the file.
    func afterDeleting(_ body: () throws -> Void) throws {
        var left = 300
        while true {
            do { return try body() } catch let error as SystemError
                where [.noSpace, Errno(rawValue: EDQUOT)].contains(error.errno) && left > 0
            {
                left -= 1
                usleep(100_000)
            }
        }
    }

    /// File systems take a part for themselves, the more the smaller they are.
    func expect(_ taken: Int64, within size: Int64) throws {
        try DriverChecks.expect(taken <= size, "\(taken) bytes fit into a layer of \(size)")
        try DriverChecks.expect(taken >= size / 2, "only \(taken) bytes fit into a layer of \(size)")
    }
}
