import OCI
import Testing

@testable import Engine

/// How a container takes up its image's configuration.
struct MergeTests {
    @Test func takesTheImagesCommand() {
        let merged = Merge.config(ContainerConfig(), with: config(["/entry"], ["cmd"]))
        #expect(merged.entrypoint == ["/entry"])
        #expect(merged.cmd == ["cmd"])
    }

    @Test func putsTheUsersCommandAfterTheImagesEntryPoint() {
        let merged = Merge.config(config(nil, ["mine"]), with: config(["/entry"], ["cmd"]))
        #expect(merged.entrypoint == ["/entry"])
        #expect(merged.cmd == ["mine"])
    }

    @Test func dropsTheImagesCommandWithItsEntryPoint() {
        let merged = Merge.config(config(["/mine"], nil), with: config(["/entry"], ["cmd"]))
        #expect(merged.entrypoint == ["/mine"])
        #expect(merged.cmd == nil)
    }

    @Test func takesTheEntryPointAway() {
        let merged = Merge.config(config([""], ["mine"]), with: config(["/entry"], ["cmd"]))
        #expect(merged.entrypoint == [])
        #expect(merged.cmd == ["mine"])
    }

    @Test func laysTheUsersValuesOverTheImages() {
        var image = ContainerConfig()
        image.env = ["A=1", "B=2"]
        image.labels = ["a": "1", "b": "2"]
        image.user = "image"
        image.workingDir = "/image"
        image.exposedPorts = ["80/tcp"]
        var asked = ContainerConfig()
        asked.env = ["B=3", "C=4"]
        asked.labels = ["b": "3"]
        asked.user = "mine"
        asked.exposedPorts = ["81/tcp"]
        let merged = Merge.config(asked, with: image)
        #expect(merged.env == ["A=1", "B=3", "C=4"])
        #expect(merged.labels == ["a": "1", "b": "3"])
        #expect(merged.user == "mine")
        #expect(merged.workingDir == "/image")
        #expect(merged.exposedPorts == ["80/tcp", "81/tcp"])
    }

    private func config(_ entrypoint: [String]?, _ cmd: [String]?) -> ContainerConfig {
        var config = ContainerConfig()
        config.entrypoint = entrypoint
        config.cmd = cmd
        return config
    }
}
