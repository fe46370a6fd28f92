// What checks say of what they found: the first thing that is wrong, and what it should have been.

/// A promise that a driver broke.
struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// A promise that can't be tried here.
struct Skipped: Error, CustomStringConvertible {
    let description: String
}

func expect(_ condition: Bool, _ claim: @autoclosure () -> String) throws {
    if !condition { throw Broken(description: claim()) }
}

func expectEqual<T: Equatable>(_ found: T, _ wanted: T, _ what: @autoclosure () -> String) throws {
    if found != wanted { throw Broken(description: "\(what()): \(found), not \(wanted)") }
}

/// Of long lists, only the first difference is told.
func expectEqual(_ found: [String], _ wanted: [String], _ what: @autoclosure () -> String) throws {
    if found == wanted { return }
    if max(found.count, wanted.count) <= 8 { throw Broken(description: "\(what()): \(found), not \(wanted)") }
    let place = zip(found, wanted).prefix { $0 == $1 }.count
    func item(_ list: [String]) -> String { place < list.count ? "'\(list[place])'" : "nothing" }
    let counts = found.count == wanted.count ? "" : " (\(found.count) in all, not \(wanted.count))"
    throw Broken(description: "\(what()): number \(place + 1) is \(item(found)), not \(item(wanted))\(counts)")
}

/// Names the first paths that differ, and both values of each.
func expectSame(_ found: TreeRecord, _ wanted: TreeRecord, _ what: @autoclosure () -> String) throws {
    let differences = found.differences(from: wanted)
    if differences.isEmpty { return }
    let rest = differences.count > 3 ? "; and \(differences.count - 3) paths more" : ""
    throw Broken(description: "\(what()) differs: \(differences.prefix(3).joined(separator: "; "))\(rest)")
}

func expectError(_ what: String, _ isRight: (any Error) -> Bool = { _ in true }, _ body: () throws -> Void) throws {
    do { try body() } catch {
        if isRight(error) { return }
        throw Broken(description: "\(what) failed for another reason: \(error)")
    }
    throw Broken(description: "\(what) did not fail")
}
