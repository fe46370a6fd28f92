import FoundationEssentials
import OCI
import Testing

@Suite struct DigestTests {
    private static let hex = String(repeating: "0123456789abcdef", count: 4)

    @Test("is sha256 and 64 lower-case hex digits, and nothing else")
    func grammar() {
        #expect(Digest("sha256:" + Self.hex)?.hex == Self.hex)
        for bad in [
            "", "sha256:", Self.hex, "sha512:" + Self.hex, "sha256:" + Self.hex.uppercased(),
            "sha256:" + Self.hex + "0",
        ] {
            #expect(Digest(bad) == nil, "\(bad)")
        }
        #expect(Digest(bytes: Array(repeating: 0x0f, count: 32))?.hex == String(repeating: "0f", count: 32))
    }

    @Test("says so when JSON has something else")
    func json() throws {
        #expect(throws: DecodingError.self) { try decode([ImageID].self, #"["sha256:../../etc"]"#) }
    }
}

@Suite struct TimestampTests {
    @Test(
        "is read and written as Go does it",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0, "0001-01-01T00:00:00Z"),
            ("2024-02-29T23:59:59.5+02:00", 1_709_243_999, 500_000_000, "2024-02-29T21:59:59.5Z"),
            ("1969-12-31T23:59:59.000000001Z", -1, 1, "1969-12-31T23:59:59.000000001Z"),
            ("2026-11-21T06:35:48.123456789Z", 1_795_242_948, 123_456_789, "2026-11-21T06:35:48.123456789Z"),
        ]
    )
    func both(_ text: String, _ seconds: Int64, _ nanoseconds: Int32, _ written: String) {
        #expect(Timestamp(text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(Timestamp(seconds: seconds, nanoseconds: nanoseconds).description == written)
    }

    @Test(
        "is nothing else",
        arguments: ["", "2024", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z"]
    )
    func refused(_ text: String) { #expect(Timestamp(text) == nil) }
}

@Suite struct ConfigTests {
    @Test("null and missing keys are zero values, unknown keys nobody's business")
    func lenient() throws {
        let config = try decode(
            ContainerConfig.self,
            #"{"Env":null,"Cmd":["a"],"Nonsense":1,"ExposedPorts":{"80/tcp":{}},"User":null}"#
        )
        var expected = ContainerConfig()
        expected.cmd = ["a"]
        expected.exposedPorts = ["80/tcp"]
        #expect(config == expected)
    }

    @Test("a command may be one string")
    func string() throws {
        #expect(try decode(ContainerConfig.self, #"{"Cmd":"ls -l","Entrypoint":[]}"#).cmd == ["ls -l"])
        #expect(try decode(ContainerConfig.self, #"{"Entrypoint":[]}"#).entrypoint == [])
        #expect(try decode(ContainerConfig.self, #"{"Entrypoint":null}"#).entrypoint == nil)
        #expect(throws: DecodingError.self) { try decode(ContainerConfig.self, #"{"Cmd":7}"#) }
    }

    @Test("what is written is read again, and null stays null")
    func roundTrip() throws {
        var config = ContainerConfig()
        config.env = ["A=b"]
        config.volumes = ["/data"]
        config.labels = [:]
        config.healthcheck = HealthConfig()
        config.healthcheck?.test = ["NONE"]
        config.stopTimeout = 3
        let text = String(decoding: try JSONEncoder().encode(config), as: UTF8.self)
        #expect(try decode(ContainerConfig.self, text) == config)
        #expect(text.contains(#""Cmd":null"#))
        #expect(!text.contains("MacAddress"))
    }

    @Test("an image's configuration is read from Docker's and from OCI's form")
    func image() throws {
        let diff = "sha256:" + String(repeating: "1", count: 64)
        let config = try decode(
            ImageConfig.self,
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(diff)"]},"#
                + #""history":[{"created":"2024-01-01T00:00:00Z","created_by":"x"},{"empty_layer":true}],"config":{}}"#
        )
        #expect(config.diffIDs == [DiffID(diff)])
        #expect(config.history.map(\.emptyLayer) == [false, true])
        #expect(config.created == nil)
    }
}

func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
    try JSONDecoder().decode(type, from: Data(text.utf8))
}
