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

    /// A running Docker of another maker: `VARVE_TEST_DOCKER_HOST`, as `docker -H` takes it.
    private static let client: String? = getenv("VARVE_TEST_DOCKER_HOST").flatMap { host in
        program("docker").map { "\($0) -H \(String(cString: host))" }
    }

    @Test(
        "what is saved is loaded by Docker, and comes back as it was",
        .enabled(if: client != nil, "VARVE_TEST_DOCKER_HOST names no Docker to ask"),
        arguments: TestDriver.allCases
    )
    func reloaded(_ driver: TestDriver) throws {
        let docker = try #require(Self.client)
        var own = TestTar()
        own.add("own", randomHex(bytes: 16))  // layers that it can't have already
        let layers = [own.finished] + TestImage.sample().layers
        let sample = TestImage(layers, tags: ["varve-test:\(randomHex(bytes: 6))"])
        let kept = try TestRoot.kept { try $0.store(driver) }
        _ = try kept.store.load(BufferSource(sample.dockerArchive())) { _ in }
        let (saved, back) = (kept.root.path.appending("saved.tar"), kept.root.path.appending("back.tar"))
        try kept.store.save(sample.tags, to: FileSink(creating: saved))
        #expect(try shell("\(docker) load -i \(saved)").contains("Loaded image: \(sample.tags[0])"))
        defer { _ = try? shell("\(docker) rmi \(sample.tags[0])") }
        #expect(try shell("\(docker) inspect -f '{{.Id}}' \(sample.tags[0])").hasPrefix(sample.id.description))
        _ = try shell("\(docker) save -o \(back) \(sample.tags[0])")
        let other = try TestRoot.kept { try $0.store(driver) }
        #expect(try other.store.load(FileSource(opening: back)) { _ in }.map(\.id) == [sample.id])
        #expect(try other.root.problems(driver) == [])
    }
}
