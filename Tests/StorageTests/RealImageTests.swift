import Archive
import Glibc
import Linux
import OCI
import Storage
import SystemPackage
import Testing

/// Images that other engines wrote: `VARVE_TEST_IMAGES` names a folder of `NAME.docker.tar` and `NAME.oci.tar`, of the
/// same image each.
@Suite(.serialized) struct RealImageTests {
    private static let folder = FilePath(
        getenv("VARVE_TEST_IMAGES").map { String(cString: $0) } ?? "/var/tmp/peers/images"
    )
    private static let names = ["busybox", "debian"].filter { exists(folder.appending("\($0).docker.tar")) }

    @Test(
        "are loaded in both forms, saved, and are the same",
        .enabled(if: !names.isEmpty, "no images in \(folder)"),
        arguments: names,
        TestDriver.allCases
    )
    func bothForms(_ name: String, _ driver: TestDriver) throws {
        let (first, second) = (try TestRoot(), try TestRoot())
        let (one, two) = (try first.store(driver), try second.store(driver))
        let docker = try one.load(FileSource(opening: Self.folder.appending("\(name).docker.tar"))) { _ in }
        let oci = try two.load(FileSource(opening: Self.folder.appending("\(name).oci.tar"))) { _ in }
        let image = try one.image(named: try #require(docker.first).id.description)
        // skopeo writes its own configuration, so the IDs differ; the layers may not.
        #expect(try two.image(named: try #require(oci.first).id.description).config.diffIDs == image.config.diffIDs)
        let saved = first.path.appending("saved.tar")
        try one.save([image.id.description], to: FileSink(creating: saved))
        let third = try TestRoot()
        let loaded = try third.store(driver).load(FileSource(opening: saved)) { _ in }
        #expect(loaded.map(\.id) == [image.id])
        #expect(try [first, second, third].flatMap { try $0.problems(driver) } == [])
    }

    private static let skopeo = FilePath("/usr/bin/skopeo")

    @Test("what is saved opens in skopeo, in both of its forms", .enabled(if: exists(skopeo), "no skopeo"))
    func inspected() throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        _ = try kept.store.load(BufferSource(TestImage.sample().dockerArchive())) { _ in }
        let saved = kept.root.path.appending("saved.tar")
        try kept.store.save(["test:1"], to: FileSink(creating: saved))
        for form in ["docker-archive", "oci-archive"] {
            let copy = kept.root.path.appending("\(form).tar")
            #expect(
                try run([
                    Self.skopeo.string, "copy", "--quiet", "--insecure-policy", "\(form):\(saved)",
                    "docker-archive:\(copy):copied:1",
                ])
                    == 0
            )
            let other = try TestRoot.kept { try $0.store(.vfs) }
            let loaded = try other.store.load(FileSource(opening: copy)) { _ in }
            #expect(loaded.first?.references.map(\.familiar) == ["copied:1"])
            #expect(try other.store.image(named: "copied:1").config.diffIDs == TestImage.sample().diffs)
        }
    }
}
