import OCI
import Testing

@testable import Engine

/// `import --change`.
struct ImportChangesTests {
    @Test func takesCommandsInBothForms() throws {
        let config = try apply(["CMD echo hi", #"ENTRYPOINT ["/bin/sh", "-c"]"#])
        #expect(config.cmd == ["/bin/sh", "-c", "echo hi"])
        #expect(config.entrypoint == ["/bin/sh", "-c"])
    }

    @Test func takesInstructionsInAnyCase() throws {
        #expect(try apply(["user  me ", "Workdir /w"]).user == "me")
    }

    @Test func takesVariables() throws {
        let config = try apply([#"ENV A=1 B="x y" C='q' D=a\ b"#, "ENV E the rest of it", "ENV A=2"])
        #expect(Set(config.env ?? []) == ["A=2", "B=x y", "C=q", "D=a b", "E=the rest of it"])
    }

    @Test func takesLabels() throws {
        #expect(try apply([#"LABEL a=1 "b c"="d e""#, "LABEL a=2"]).labels == ["a": "2", "b c": "d e"])
    }

    @Test func takesPorts() throws {
        #expect(try apply(["EXPOSE 80 53/udp"]).exposedPorts == ["80/tcp", "53/udp"])
    }

    @Test func takesVolumesInBothForms() throws {
        #expect(try apply([#"VOLUME ["/a", "/b"]"#, "VOLUME /c /d"]).volumes == ["/a", "/b", "/c", "/d"])
    }

    @Test func takesFoldersOneUponTheOther() throws {
        #expect(try apply(["WORKDIR /a", "WORKDIR b"]).workingDir == "/a/b")
        #expect(try apply(["WORKDIR a"]).workingDir == "/a")
    }

    @Test func takesTheRest() throws {
        let config = try apply(["STOPSIGNAL SIGINT", "ONBUILD RUN x", "ONBUILD RUN y"])
        #expect(config.stopSignal == "SIGINT")
        #expect(config.onBuild == ["RUN x", "RUN y"])
    }

    @Test(arguments: ["RUN rm -rf /", "CMD", "", "FROM x", "nonsense"])
    func refusesOthers(change: String) {
        #expect { try apply([change]) } throws: { ($0 as? EngineError)?.kind == .invalid }
    }

    private func apply(_ changes: [String]) throws -> ContainerConfig {
        try ImportChanges.apply(changes, to: ContainerConfig())
    }
}
