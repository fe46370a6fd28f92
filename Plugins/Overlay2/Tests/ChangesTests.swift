import Glibc
import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import Testing

/// What is read from the upper directory is what a comparison of the trees finds, whatever was done.
@Suite struct ChangesTests {
    /// Always the same numbers for a seed (SplitMix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    /// Does one thing to a tree of few names, so that they meet; what can't be done is left undone.
    private func act(_ tree: FilePath, _ numbers: inout Numbers) {
        func path() -> FilePath {
            let names = (0..<Int.random(in: 1...3, using: &numbers)).map { _ in
                ["a", "b"].randomElement(using: &numbers) ?? "a"
            }
            return tree.appending(names.joined(separator: "/"))
        }
        let (one, other) = (path(), path())
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0, 1: mkdir(one.string, 0o755)
        case 2, 3:
            try? writeFile(
                [UInt8](repeating: 1, count: numbers.state.isMultiple(of: 2) ? 3 : 4),
                to: one,
                mode: .ownerReadWrite
            )
        case 4: unlink(one.string)
        case 5: try? removeTree(one)
        case 6: symlink("target", one.string)
        case 7: link(one.string, other.string)
        case 8: rename(one.string, other.string)
        default: chmod(one.string, [0o700, 0o755].randomElement(using: &numbers) ?? 0o700)
        }
    }

    @Test("after anything at all, in the topmost of three layers", arguments: 0..<40)
    func same(_ seed: UInt64) throws {
        let home = try Home()
        let driver = try home.driver()
        var numbers = Numbers(state: seed)
        var layers: [LayerID] = []
        for name in ["one", "two", "three"] {
            let id = try #require(LayerID(name))
            try driver.create(id, parent: layers.last, options: LayerOptions(isWritable: true))
            try driver.withTree(of: id) { (tree: FilePath) throws in for _ in 0..<60 { act(tree, &numbers) } }
            layers.append(id)
        }
        let found = try driver.changes(in: layers[2], since: layers[1])
        #expect(try found == driver.changesByComparison(in: layers[2], since: layers[1]))
    }
}
