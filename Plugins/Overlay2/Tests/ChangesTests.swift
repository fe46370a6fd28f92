import DriverChecks
import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import Testing

/// What is read from the upper directory is what a comparison of the trees finds, whatever was done.
@Suite struct ChangesTests {
    @Test("after anything at all, in the topmost of three layers", arguments: 0..<40)
    func same(_ seed: UInt64) throws {
        let home = try Home()
        let driver = try home.driver()
        var numbers = Numbers(seed: seed)
        var layers: [LayerID] = []
        for name in ["one", "two", "three"] {
            let id = try #require(LayerID(name))
            try driver.create(id, parent: layers.last, options: LayerOptions(isWritable: true))
            try driver.withTree(of: id) { (tree: FilePath) throws in
                var acts = RandomActs(root: tree, numbers: numbers)
                acts.act(60)
                numbers = acts.numbers
            }
            layers.append(id)
        }
        let found = try driver.changes(in: layers[2], since: layers[1])
        #expect(try found == driver.changesByComparison(in: layers[2], since: layers[1]))
    }
}
