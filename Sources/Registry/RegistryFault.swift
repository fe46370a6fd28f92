import FoundationEssentials

/// The body of a registry's error: `{"errors":[{"code":…,"message":…}]}`.
enum RegistryFault {
    private struct Body: Decodable { var errors: [Item]? }
    private struct Item: Decodable {
        var code: String?
        var message: String?
    }

    /// What it says, in the words that Docker shows.
    static func text(_ answer: HTTPAnswer) -> String {
        let items = (try? JSONDecoder().decode(Body.self, from: Data(answer.body)))?.errors ?? []
        let lines = items.map { item in
            let code = (item.code ?? "unknown").lowercased().split(separator: "_").joined(separator: " ")
            return item.message.map { "\(code): \($0)" } ?? code
        }
        return lines.isEmpty ? String(answer.text.prefix(200)) : lines.joined(separator: "; ")
    }
}
