/// Go's `path.Match`: `*` and `?` stop at `/`, `[a-z]` is one character of a set.
struct Pattern {
    private let pattern: [Character]
    private let text: [Character]
    /// Places that were tried in vain: without them a few stars would take for ever.
    private var failures: Set<Int> = []

    /// A pattern longer than every name matches none: the search goes as deep as the pattern is long.
    private static let longest = 1024

    static func matches(_ pattern: String, _ text: String) -> Bool {
        guard pattern.utf8.count <= longest, text.utf8.count <= longest else { return false }
        var search = Self(pattern: Array(pattern), text: Array(text))
        return search.matches(0, 0)
    }

    private init(pattern: [Character], text: [Character]) {
        self.pattern = pattern
        self.text = text
    }

    private mutating func matches(_ place: Int, _ position: Int) -> Bool {
        guard place < pattern.count else { return position == text.count }
        let key = place * (text.count + 1) + position
        if failures.contains(key) { return false }
        let isMatch = matchesNext(place, position)
        if !isMatch { failures.insert(key) }
        return isMatch
    }

    private mutating func matchesNext(_ place: Int, _ position: Int) -> Bool {
        let character = position < text.count ? text[position] : nil
        switch pattern[place] {
        case "*":
            if matches(place + 1, position) { return true }
            return character != nil && character != "/" && matches(place, position + 1)
        case "?": return character != nil && character != "/" && matches(place + 1, position + 1)
        case "[":
            guard let character, let end = pattern[(place + 1)...].firstIndex(of: "]") else { return false }
            return Self.contains(pattern[(place + 1)..<end], character) && matches(end + 1, position + 1)
        case "\\":
            guard place + 1 < pattern.count else { return false }
            return pattern[place + 1] == character && matches(place + 2, position + 1)
        default: return pattern[place] == character && matches(place + 1, position + 1)
        }
    }

    private static func contains(_ set: ArraySlice<Character>, _ character: Character) -> Bool {
        var set = set
        let isNegated = set.first == "^"
        if isNegated { set = set.dropFirst() }
        var found = false
        while let low = set.popFirst() {
            if set.first == "-", let high = set.dropFirst().first {
                found = found || (low...max(low, high)).contains(character)
                set = set.dropFirst(2)
            } else {
                found = found || low == character
            }
        }
        return found != isNegated
    }
}
