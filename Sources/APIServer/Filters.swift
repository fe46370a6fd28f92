import Engine
import FoundationEssentials
import HTTPServer

extension Request {
    /// The `filters` parameter in both of its shapes, `{"label":{"a=b":true}}` and `{"label":["a=b"]}`.
    ///
    /// Throws for a key that is not in `known`, and for what is neither shape.
    func filters(_ known: Set<String>) throws -> [String: [String]] {
        let filters = try parsedFilters()
        if let unknown = filters.keys.sorted().first(where: { !known.contains($0) }) {
            throw EngineError(.invalid, "invalid filter '\(unknown)'")
        }
        return filters
    }

    private func parsedFilters() throws -> [String: [String]] {
        guard let text = query.string("filters"), !text.isEmpty else { return [:] }
        let data = Data(text.utf8)
        if let lists = try? JSONDecoder().decode([String: [String]].self, from: data) { return lists }
        do {
            let maps = try JSONDecoder().decode([String: [String: Bool]].self, from: data)
            return maps.mapValues { values in values.filter(\.value).keys.sorted() }
        } catch {
            throw EngineError(.invalid, "invalid filter: '\(text)' is no JSON object of lists or sets of texts")
        }
    }
}
