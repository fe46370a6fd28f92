import Glibc

private let prefix = Array(".wh.".utf8)
private let metadataPrefix = Array(".wh..wh.".utf8)

extension LayerTree {
    /// Does what a `.wh.` member says; false if it is none.
    func takeWhiteout() throws -> Bool {
        let name = path.name
        let isMetadata = path.folder.split(separator: 0x2f).contains { $0.starts(with: metadataPrefix) }
        guard name.starts(with: prefix) || isMetadata else { return false }
        if name.elementsEqual(".wh..wh..opq".utf8) {
            if !isFirst { try folder(of: path).isOpaque = true }
            return true
        }
        // AUFS's own folders (`.wh..wh.plnk`) mean nothing to anybody else.
        if name.starts(with: metadataPrefix) || isMetadata { return true }
        let hidden = Array(name.dropFirst(prefix.count))
        guard !hidden.isEmpty, hidden != [0x2e], hidden != [0x2e, 0x2e] else {
            throw ArchiveError.invalidWhiteout(member: path.text)
        }
        if isFirst { return true }
        let folder = try folder(of: path)
        // A whiteout speaks of the layers below: what this layer has of that name stays, its folders cut off from below.
        if let own = folder.children[hidden] {
            if own.type == S_IFDIR { own.isOpaque = true }
        } else {
            try makeWhiteout(hidden, in: folder)
        }
        return true
    }
}
