import Archive
import Glibc
import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import Testing

/// What is on disk is not always what this driver last wrote.
@Suite struct RepairTests {
    /// A layer with a folder, and one above it that adds a file there.
    private func layers(_ driver: Overlay2) throws -> (lower: LayerID, upper: LayerID) {
        let (lower, upper) = (try #require(LayerID("lower")), try #require(LayerID("upper")))
        try driver.create(lower, parent: nil, options: LayerOptions(isWritable: true))
        try driver.withTree(of: lower) { (tree: FilePath) throws in
            try makeFolders(tree.appending("d"), mode: FilePermissions(rawValue: 0o755))
            try writeFile([1], to: tree.appending("d/f"), mode: .ownerReadWrite)
        }
        try driver.create(upper, parent: lower, options: LayerOptions(isWritable: true))
        try driver.withTree(of: upper) { (tree: FilePath) throws in
            try writeFile([2], to: tree.appending("d/g"), mode: .ownerReadWrite)
        }
        return (lower, upper)
    }

    private func names(_ driver: Overlay2, _ id: LayerID) throws -> [String] {
        try driver.withTree(of: id) { try listFolder($0.appending("d")).sorted() }
    }

    @Test("short names that were lost are made again at the next start", arguments: [["lower"], ["lower", "upper"]])
    func lostLinks(_ lost: [String]) throws {
        let home = try Home()
        let (lower, upper) = try layers(home.driver())
        for id in [lower, upper] where lost.contains(id.description) {
            let link = try home.link(id)
            try sys("remove \(link)") { unlink(link.string) }
        }
        let driver = try home.driver()
        #expect(try names(driver, upper) == ["f", "g"])
        for id in [lower, upper] {
            let shown = try readFile(home.link(id).appending("d").appending(id == lower ? "f" : "g"))
            #expect(shown == [id == lower ? 1 : 2])
        }
        #expect(try listFolder(home.file("l")).count == 2)
    }

    @Test("all short names, and the folder that has them")
    func noLinks() throws {
        let home = try Home()
        let (_, upper) = try layers(home.driver())
        try removeTree(home.file("l"))
        #expect(try names(home.driver(), upper) == ["f", "g"])
    }

    @Test("a lower file that names what is not there, or leads out, is an error, and the layer can be removed")
    func damagedLower() throws {
        let home = try Home()
        let driver = try home.driver()
        let (lower, upper) = try layers(driver)
        for text in ["", "l/../../../etc", "/etc", "l/", "l/lower case"] {
            try writeAtomically(Array(text.utf8), to: home.file("upper/lower"), mode: FilePermissions(rawValue: 0o644))
            #expect(throws: DriverError.self) { try driver.open(upper) }
        }
        try driver.remove(upper)
        try driver.remove(lower)
        #expect(try listFolder(home.path.appending("home")) == ["l"])
        #expect(try listFolder(home.file("l")).isEmpty)
    }

    @Test("where another engine renamed a folder in place, the trees are compared")
    func redirect() throws {
        let home = try Home()
        let driver = try home.driver()
        let (lower, upper) = try layers(driver)
        #expect(try driver.changes(in: upper, since: lower) == [Change("/d", .modified), Change("/d/g", .added)])
        try setExtendedAttribute("trusted.overlay.redirect", Array("d".utf8), at: home.file("upper/diff/d"))
        // Redirects are off in our mounts, so what the tree shows is what counts.
        let compared = try driver.changesByComparison(in: upper, since: lower)
        #expect(try driver.changes(in: upper, since: lower) == compared)
    }
}
