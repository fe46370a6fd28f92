/// Verbs for scripts, which no help shows.
enum HiddenVerb: String {
    /// `__complete [--line LINE --breaks CHARACTERS | -- WORDS…]`: what may stand where the cursor is.
    case complete = "__complete"
    /// `__man FOLDER`: writes the manual's pages.
    case manual = "__man"

    func run(_ words: [String]) throws {
        switch self {
        case .complete: Completer.run(words)
        case .manual:
            guard let folder = words.first else { throw Failure(message: "varve __man: requires a folder") }
            try ManualPages.write(to: folder)
        }
    }
}
