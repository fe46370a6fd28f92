public import Archive
import FoundationEssentials
public import GraphDrivers
import HTTPClient
import PluginProtocol
import SystemPackage

extension Remote {
    /// `Changes`, of which there may be millions: taken apart while they come.
    public func changes(in id: LayerID, since parent: LayerID?) throws -> [Change] {
        let found = try plugin.stream(.changes, request(id, parent)) { client, request, promises in
            let response = try plugin.begin(.changes, request, promises, on: client)
            if response.status != 200 { _ = try plugin.answer(of: response, to: .changes, about: request.id) }
            var list = ChangeList()
            do { try list.read(response) } catch is DecodingError {
                throw plugin.error(.changes, request.id, .garbage("a change is none"))
            }
            // Where there is an error, all that came was that.
            _ = try plugin.answer(in: list.rest, status: 200, to: .changes, about: request.id)
            return list.changes
        }
        return try found.map { change in
            guard let kind = Change.Kind(rawValue: change.kind), change.path.hasPrefix("/") else {
                let text = "it says that '\(change.path)' has changed in way \(change.kind)"
                throw plugin.error(.changes, id.description, .lie(text))
            }
            return Change(FilePath(change.path), kind)
        }.sorted { $0.path.string.utf8.lexicographicallyPrecedes($1.path.string.utf8) }
    }
}

/// An answer whose list is decoded in pieces, so that only what it says is in memory, and not its text.
struct ChangeList {
    /// What the list holds.
    private(set) var changes: [PluginAnswer.PathChange] = []
    /// The answer without it.
    private(set) var rest: [UInt8] = []

    /// What is in the list and not decoded yet.
    private var piece: [UInt8] = []
    private var depth = 0
    private var isInList = false
    private var isInString = false
    private var isEscaped = false
    private static let list = 2  // in the object that is the answer, in its list
    private static let pieceSize = 1 << 20

    /// How many bytes an answer may have: some ten million changes.
    static let limit = 1 << 30

    /// Reads an answer to its end.
    mutating func read(_ response: ClientResponse) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = try response.read(into: buffer)
            if count == 0 { return }
            total += count
            guard total <= Self.limit else { throw ClientError.tooLarge(limit: Self.limit) }
            for byte in buffer[..<count] { try take(byte) }
            // One that is no list, or one without an end.
            guard rest.count + piece.count <= 64 << 20 else { throw ClientError.tooLarge(limit: 64 << 20) }
        }
    }

    /// Takes the next byte of the answer.
    mutating func take(_ byte: UInt8) throws {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return keep(byte)
        }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            keep(byte)
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            let beginsList = depth == Self.list - 1 && byte == UInt8(ascii: "[") && isListNext
            keep(byte)
            if beginsList { isInList = true }
            depth += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            if isInList, depth == Self.list {
                try decode()
                isInList = false
            }
            depth -= 1
            keep(byte)
        case UInt8(ascii: ",") where isInList && depth == Self.list && piece.count > Self.pieceSize: try decode()
        default: keep(byte)
        }
    }

    private mutating func keep(_ byte: UInt8) {
        if isInList { piece.append(byte) } else { rest.append(byte) }
    }

    /// Whether the key of what comes is the list's. Answers of Docker's own types have other objects beside it.
    private var isListNext: Bool {
        let words = rest.suffix(64).filter { $0 > 0x20 }
        return words.suffix(Self.key.count).elementsEqual(Self.key)
    }

    private static let key = Array(#""Changes":"#.utf8)

    private mutating func decode() throws {
        defer { piece.removeAll(keepingCapacity: true) }
        guard piece.contains(where: { $0 > 0x20 }) else { return }
        let text = Data([UInt8(ascii: "[")] + piece + [UInt8(ascii: "]")])
        changes += try JSONDecoder().decode([PluginAnswer.PathChange].self, from: text)
    }
}
