/// What a user asks of one interface of a container: `net.ipv4.conf.IFNAME.log_martians=1`, several with commas.
enum EndpointSettings {
    /// As keys below `/proc/sys/net`, in which IFNAME stands for the interface, and values.
    static func parse(_ text: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            let words = (pair.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, words.count == 5, words[0] == "net", ["ipv4", "ipv6", "mpls"].contains(words[1]),
                // Stock clients make small letters of it.
                ["conf", "neigh"].contains(words[2]), words[3].uppercased() == "IFNAME", isName(words[4])
            else {
                throw EngineError(
                    .invalid,
                    "invalid endpoint setting \"\(part)\": write it as net.ipv4.conf.IFNAME.log_martians=1"
                )
            }
            found["\(words[1])/\(words[2])/IFNAME/\(words[4])"] = pair[1]
        }
        return found
    }

    private static func isName(_ word: String) -> Bool {
        !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}
