import Linux
import Testing

@Test func warningsAreNoPartOfAProgramsAnswer() throws {
    #expect(try Command.run(["sh", "-c", "echo warning >&2; echo one; echo two"]) == "one; two")
}

@Test func whatAProgramThatFailsSaidIsInTheError() throws {
    let program = ["sh", "-c", "echo one; echo two >&2; exit 3"]
    let error = #expect(throws: Command.Failure.self) { try Command.run(program) }
    #expect("\(try #require(error))".hasSuffix("failed with status 3: one; two"))
}

@Test func aProgramThatHangsIsKilled() throws {
    let error = #expect(throws: Command.Failure.self) { try Command.run(["sleep", "61"], seconds: 1) }
    #expect("\(try #require(error))" == "sleep 61 did not end within 1 seconds, and was killed")
}
