import OCI
import Testing

@Suite struct ReferenceTests {
    @Test(
        "is normalised as Docker does it",
        arguments: [
            ("busybox", "docker.io/library/busybox", "busybox"),
            ("foo/bar:1.2", "docker.io/foo/bar:1.2", "foo/bar:1.2"),
            ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
            ("index.docker.io/library/busybox:a", "docker.io/library/busybox:a", "busybox:a"),
            ("localhost/x", "localhost/x", "localhost/x"),
            ("localhost:5000/x/y:z", "localhost:5000/x/y:z", "localhost:5000/x/y:z"),
            ("ghcr.io/a/b-c__d", "ghcr.io/a/b-c__d", "ghcr.io/a/b-c__d"),
            ("Host/x", "Host/x", "Host/x"),
            ("[::1]:80/x", "[::1]:80/x", "[::1]:80/x"),
            ("a--b", "docker.io/library/a--b", "a--b"),
            ("library/x/y", "docker.io/library/x/y", "library/x/y"),
        ]
    )
    func normalised(_ text: String, _ full: String, _ familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.description == full)
        #expect(reference.familiar == familiar)
    }

    @Test("keeps a digest and forgets the tag beside it where it is stored")
    func digest() throws {
        let hex = String(repeating: "ab", count: 32)
        let reference = try Reference("busybox:1@sha256:\(hex)")
        #expect(reference.tag == "1")
        #expect(reference.stored.familiar == "busybox@sha256:\(hex)")
        #expect(try Reference("busybox").stored.familiar == "busybox:latest")
    }

    @Test(
        "is refused with Docker's words",
        arguments: [
            ("INVALID", ReferenceError.uppercase("library/INVALID")),
            ("", .format), (":x", .format), ("a:", .format), ("a//b", .format), ("a/", .format), ("-a", .format),
            ("a.", .format), ("a___b", .format), ("a b", .format), ("x:.tag", .format), ("x@sha256:12", .format),
            ("../../etc/passwd", .format), ("a..b", .format), ("ho_st.x/a", .format),
            (String(repeating: "a", count: 64), .hexadecimal(String(repeating: "a", count: 64))),
            (String(repeating: "x", count: 256), .tooLong),
            ("a:" + String(repeating: "t", count: 129), .format),
        ]
    )
    func refused(_ text: String, _ error: ReferenceError) {
        #expect(throws: error) { try Reference(text) }
    }
}
