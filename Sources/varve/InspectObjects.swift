/// Looks at each of `names`, and shows what is found as JSON or by a template; what is missing fails at the end.
func inspectObjects(_ names: [String], format: String?, _ look: (String) throws -> JSON) throws {
    var found: [JSON] = []
    var failures: [String] = []
    let template = try format.flatMap { $0 == "json" ? nil : try Template($0) }
    for name in names {
        do {
            let object = try look(name)
            if let template { put(try template.render(object) + "\n") } else { found.append(object) }
        } catch let failure as Failure {
            failures.append(failure.message)
        }
    }
    if template == nil { put(JSON.array(found).text(indent: format == nil ? "    " : nil) + "\n") }
    if !failures.isEmpty { throw Failure(message: failures.joined(separator: "\n")) }
}
