import ArgumentParser
import HTTPClient

/// `varve top`.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "List the processes of a container.",
        discussion: "Example: varve top box\nExample: varve top box -o pid,args"
    )

    @Argument(help: "The container.") var container: String
    @Argument(parsing: .captureForPassthrough, help: "Options of ps.") var options: [String] = []

    func run() throws {
        let query = options.isEmpty ? [] : [("ps_args", options.joined(separator: " "))]
        let answer = try Daemon().ask("GET", containerPath(container, "/top"), query: query)
        let rows = [answer["Titles"]] + answer["Processes"].elements
        put(table(rows.map { $0.elements.compactMap(\.string) }, least: 20))
    }
}

/// `varve events`.
struct EventsVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what happens, as it happens.",
        discussion: """
            Example: varve events --filter type=container --filter event=die
            Example: varve events --since 1h --until 0s --format json
            """
    )

    @Option(name: .shortAndLong, help: "Only what matches: type=, event=, container=, image=, label=, …") var filter:
        [String] = []
    @Option(help: "From this time on, or so long ago.") var since: String?
    @Option(help: "Up to this time, and then end.") var until: String?
    @Option(help: "json or a template.") var format: String?

    func run() throws {
        var query = try filterQuery(filter)
        if let since { query.append(("since", since)) }
        if let until { query.append(("until", until)) }
        let response = try Daemon().open(ClientRequest("GET", "/events", query: query))
        let template = try format.flatMap { $0 == "json" ? nil : try Template($0) }
        try eachLine(of: response) { line in
            let event = try JSON(line)
            if format == "json" { return put(event.text() + "\n") }
            if let template { return put(try template.render(event) + "\n") }
            let attributes = event["Actor"]["Attributes"].fields.map { "\($0.key)=\(shown($0.value))" }.sorted()
            let (kind, action) = (event["Type"].string ?? "", event["Action"].string ?? "")
            let what = "\(kind) \(action) \(event["Actor"]["ID"].string ?? "")"
            let nanoseconds = event["timeNano"].int ?? 0
            let time = Moment(seconds: nanoseconds / 1_000_000_000, nanoseconds: nanoseconds % 1_000_000_000).precise
            put("\(time) \(what)\(attributes.isEmpty ? "" : " (\(attributes.joined(separator: ", ")))")\n")
        }
    }
}
