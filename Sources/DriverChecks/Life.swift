import GraphDrivers
import Linux
import SystemPackage

// A layer comes and goes.

extension Check {
    static let life: [Check] = [
        Check("a new layer is there, and empty") { scene in
            let a = try scene.layer("a")
            try expect(scene.driver.contains(a), "the driver does not know the layer it made")
            try expectEqual(try scene.record(a).nodes.count, 0, "files in a new layer")
        },
        Check("a layer that nobody made is not there, and can't be opened") { scene in
            let a = try scene.id("a")
            try expect(!scene.driver.contains(a), "the driver knows a layer that nobody made")
            try expectError("open of no layer", { $0 is DriverError }) { _ = try scene.driver.open(a) }
        },
        Check("a removed layer is gone, and nothing of it stays in the home") { scene in
            let before = try scene.leftovers()
            let a = try scene.layer("a") { try $0.file("f") }
            try scene.driver.remove(a)
            try expect(!scene.driver.contains(a), "the driver knows a layer that was removed")
            try expectEqual(try scene.leftovers(), before, "files in the home")
        },
        Check("a child's removal leaves nothing of it, and its parent as it was") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let before = try scene.leftovers()
            let record = try scene.record(a)
            let b = try scene.layer("b", on: a) { try $0.file("g") }
            try scene.driver.remove(b)
            try expectEqual(try scene.leftovers(), before, "files in the home")
            try expectSame(try scene.record(a), record, "the parent")
        },
        Check("removing a layer that is not there is no error") { scene in
            try scene.driver.remove(scene.id("a"))
        },
        Check("a removed layer's ID can be used again, for an empty layer") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            try scene.driver.remove(a)
            try scene.layer("a")
            try expectEqual(try scene.record(a).nodes.count, 0, "files in the new layer")
        },
        Check("making a layer that is there is refused, and leaves it as it is") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            try expectError("create of a layer that is there", { $0 is DriverError }) { try scene.layer("a") }
            try expectEqual(try scene.see(a) { try $0.text("f") }, "content", "the file")
        },
        Check("a child of no layer is refused, and leaves nothing") { scene in
            let before = try scene.leftovers()
            let nobody = try scene.id("nobody")
            try expectError("create on no parent", { $0 is DriverError }) { try scene.layer("a", on: nobody) }
            try expectEqual(try scene.leftovers(), before, "files in the home")
        },
        Check("an option that the driver does not know is refused") { scene in
            let options = DriverOptions([("no.such.option", "1")])
            try expectError("an unknown option", { $0 is DriverError }) {
                _ = try scene.kind.open(home: scene.folder.appending("other"), options: options)
            }
        },
        Check("a layer's option that the driver does not know is refused, and leaves nothing") { scene in
            let before = try scene.leftovers()
            let options = LayerOptions(isWritable: true, storage: ["no-such-option": "1"])
            let a = try scene.id("a")
            try expectError("an unknown option", { $0 is DriverError }) {
                try scene.driver.create(a, parent: nil, options: options)
            }
            try expectEqual(try scene.leftovers(), before, "files in the home")
        },
        Check("layers are there again when the home is opened anew") { scene in
            let a = try scene.layer("a") { try $0.file("f") }
            let b = try scene.layer("b", on: a) { try $0.file("g") }
            let record = try scene.record(b)
            let again = try scene.reopened()
            try expect(again.contains(a) && again.contains(b), "a layer is unknown after opening anew")
            let found = try again.withTree(of: b) { try TreeRecord($0) }
            try expectSame(found, record, "the layer after opening anew")
        },
        Check("layers may be called as other engines call theirs") { scene in
            for name in ["k3qz0v8w1x5t7y2r4u6p9mnab", String(repeating: "f", count: 64) + "-init"] {
                guard let id = LayerID(name) else { throw Broken(description: "\(name) is no layer ID") }
                try scene.driver.create(id, parent: nil, options: LayerOptions(isWritable: true))
                try scene.see(id) { try $0.file("f") }
                try scene.driver.remove(id)
            }
        },
        Check("describing a layer tells no lies: every folder it names is in the home") { scene in
            let a = try scene.layer("a")
            let b = try scene.layer("b", on: a)
            for (key, value) in try scene.driver.metadata(of: b) where value.hasPrefix("/") {
                let isInside = value.split(separator: ":").allSatisfy { $0.hasPrefix(scene.home.string) }
                try expect(isInside, "\(key) is \(value), outside of the home")
            }
        },
    ]
}
