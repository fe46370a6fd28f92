import Testing

@testable import DriverBench

@Suite struct VerdictTests {
    private func verdict(_ use: String, _ report: Report) throws -> Verdict {
        try #require(Verdict.all(report).first { $0.use == use })
    }

    @Test func theFastestWinsAndTheWordsSayWhy() throws {
        var made = MadeReport(seed: 1)
        made.changes = [("btrfs", "copy-up/256MiB", 0.05)]
        let report = made.make()
        let writes = try verdict("write-heavy", report)
        #expect(writes.places.map(\.target) == ["btrfs", "overlay2", "vfs"])
        #expect(writes.decisive == ["copy-up/256MiB"] && writes.places[0].bestOf == 1)
        #expect(writes.words.hasPrefix("write-heavy: btrfs: 1."))
        #expect(writes.words.hasSuffix("as fast as the next, overlay2, mostly by copy-up/256MiB"))
        let reads = try verdict("read-heavy", report)
        #expect(reads.words.hasPrefix("read-heavy: overlay2: 1.3 times (1.3–1.4) as fast as the next, btrfs"))
        #expect(try verdict("low-space", report).words.contains("overlay2: the next, btrfs, takes 1."))
    }

    @Test func whatIsWithinTheNoiseHasNoWinner() throws {
        var made = MadeReport(seed: 2)
        made.drivers = ["overlay2": 1.5, "btrfs": 1.51, "vfs": 4]
        let found = try verdict("read-heavy", made.make())
        #expect(found.words.hasPrefix("read-heavy: no clear winner between "))
        #expect(found.words.contains("overlay2") && found.words.contains("btrfs") && !found.words.contains("vfs"))
    }

    @Test func whoLacksResultsIsNotRankedSilently() throws {
        var report = {
            var made = MadeReport(seed: 3); return made.make()
        }()
        report.results.removeAll { $0.target == "overlay2" && $0.workload == "fsync" }
        report.results.append(Measurement(workload: "fsync", target: "overlay2", problem: "no \u{1b}room"))
        report.targets[1].unsupported = "no btrfs here"
        report.results.removeAll { $0.target == "btrfs" }
        let found = try verdict("write-heavy", report)
        #expect(found.places.map(\.target) == ["vfs"])
        #expect(
            found.words == "write-heavy: vfs is the only driver that was measured; "
                + "btrfs isn't ranked: no btrfs here; overlay2 isn't ranked: no result of fsync: no  room"
        )
    }

    @Test func plainFoldersAndDaemonsAreNoCandidates() throws {
        var report = {
            var made = MadeReport(seed: 4); return made.make()
        }()
        report.targets.append(TargetFacts(id: "dockerd", kind: .peer, name: "dockerd"))
        report.results.append(
            Measurement(workload: "fsync", target: "dockerd", samples: [Sample(value: 1e-9), Sample(value: 1e-9)])
        )
        for found in Verdict.all(report) { #expect(found.places.count == 3 && found.unranked.isEmpty) }
    }

    @Test func nothingMeasuredIsSaid() throws {
        var report = {
            var made = MadeReport(seed: 5); return made.make()
        }()
        report.results = []
        #expect(Verdict.words(report).allSatisfy { $0.contains(": not measured") })
    }

    @Test func severalFileSystemsAreNamed() throws {
        var report = {
            var made = MadeReport(seed: 6); return made.make()
        }()
        report.targets[1].fileSystem = "btrfs"
        #expect(try verdict("read-heavy", report).words.contains("overlay2 on ext4: 1.3 times"))
    }

    /// What is in a file passes two file systems: it is not compared with what lies on the disk.
    @Test func onlyThoseOnTheSameKindOfPlaceAreRanked() throws {
        var report = {
            var made = MadeReport(seed: 6); return made.make()
        }()
        report.targets[2].place = "loop:ext4"
        let mixed = try verdict("read-heavy", report)
        #expect(mixed.places.map(\.target) == ["btrfs", "vfs"])
        #expect(mixed.unranked.map(\.target) == ["overlay2"])
        #expect(mixed.words.hasSuffix("isn't ranked: its file system is in a file, the others' are on the disk"))
        #expect(PageReport(report).text.contains("on the same kind of place"))
        report.targets[1].place = "loop:btrfs"
        let most = try verdict("read-heavy", report)
        #expect(most.places.map(\.target) == ["overlay2", "btrfs"] && most.unranked.map(\.target) == ["vfs"])
        report.targets[3].place = "loop:xfs"
        #expect(try verdict("read-heavy", report).unranked.isEmpty)
    }

    @Test func longReasonsAreShortened() throws {
        var report = {
            var made = MadeReport(seed: 3); return made.make()
        }()
        report.results.removeAll { $0.target == "vfs" && $0.workload == "fsync" }
        let long = "fio failed: \(String(repeating: "{ 0 }", count: 900)) no O_DIRECT"
        report.results.append(Measurement(workload: "fsync", target: "vfs", problem: long))
        let words = try verdict("write-heavy", report).words
        #expect(words.count < 500 && words.contains("fio failed") && words.hasSuffix("no O_DIRECT"))
    }

    @Test func reportsOfDaemonsJudgeNoDrivers() throws {
        var report = {
            var made = MadeReport(seed: 4); return made.make()
        }()
        (report.targets, report.results) = ([TargetFacts(id: "dockerd", kind: .peer, name: "dockerd")], [])
        for text in [PageReport(report).text, TableReport(report, TextStyle()).text] {
            #expect(text.contains("Daemons") && !text.contains("Best here for") && !text.contains("not measured"))
        }
    }

    /// A curve of many points counts no more than one workload.
    @Test func weightsAreSharedByTheWorkloadsOfAPart() throws {
        let use = try #require(UseClass.all.first { $0.name == "write-heavy" })
        let weights = Dictionary(use.weights(MadeReport.workloads).map { ($0.facts.id, $0.weight) }) { first, _ in first
        }
        let containers = ["container/1-layers": 0.5, "container/127-layers": 0.5]
        let writes = ["copy-up/4KiB": 0.5, "copy-up/256MiB": 0.5, "fsync": 1]
        #expect(weights == writes.merging(containers) { first, _ in first })
    }
}
