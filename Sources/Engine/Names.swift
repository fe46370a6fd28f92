/// Names for containers that got none: an adjective and a word of geology, since layers are what this engine is about.
enum Names {
    private static let adjectives = [
        "amber", "ancient", "banded", "bold", "brisk", "calm", "clear", "cool", "crisp", "deep", "dense", "eager",
        "even",
        "fair", "fine", "firm", "fresh", "gentle", "glad", "keen", "kind", "light", "lively", "lucid", "mellow", "neat",
        "noble", "patient", "plain", "proud", "quiet", "quick", "ready", "serene", "sharp", "silent", "smooth", "solid",
        "steady", "still", "stout", "swift", "tidy", "tranquil", "vivid", "warm", "wise", "young",
    ]
    private static let words = [
        "agate", "basalt", "beryl", "breccia", "chalk", "chert", "clay", "coal", "cobble", "coral", "delta", "dolomite",
        "dune", "esker", "feldspar", "flint", "fjord", "gabbro", "garnet", "glacier", "gneiss", "granite", "gravel",
        "gypsum", "halite", "jasper", "karst", "lava", "limestone", "loess", "marble", "marl", "mica", "moraine",
        "obsidian", "onyx", "opal", "peat", "pumice", "quartz", "sandstone", "schist", "shale", "silt", "slate", "tuff",
        "varve", "zircon",
    ]

    /// A name; with a digit at the end after the first tries, when many are taken.
    static func random(attempt: Int) -> String {
        let name = "\(adjectives.randomElement() ?? "plain")_\(words.randomElement() ?? "varve")"
        return attempt < 8 ? name : "\(name)\(Int.random(in: 0..<max(10, attempt * 10)))"
    }

    /// Docker's rule: `[a-zA-Z0-9][a-zA-Z0-9_.-]+`.
    static func isValid(_ name: String) -> Bool {
        let letters = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        guard letters.count >= 2, letters.count <= 255, isAlphanumeric(letters[0]) else { return false }
        return letters.allSatisfy { isAlphanumeric($0) || $0 == 0x5f || $0 == 0x2e || $0 == 0x2d }
    }
}
