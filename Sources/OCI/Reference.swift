/// An image's name: `[domain[:port]/]path[:tag][@digest]`, normalised as Docker does.
///
/// `busybox` is `docker.io/library/busybox`; users see the familiar form, without what Docker Hub makes implicit.
package struct Reference: Sendable, Hashable, CustomStringConvertible {
    /// `docker.io`, `localhost:5000`.
    package let domain: String
    /// `library/busybox`: what follows the domain.
    package let path: String
    package var tag: String?
    package var digest: Digest?

    /// Parses what a user typed; throws `ReferenceError` with Docker's words.
    package init(_ text: String) throws(ReferenceError) {
        if Digest(hex: text) != nil { throw .hexadecimal(text) }
        var rest = Substring(text)
        if let at = rest.firstIndex(of: "@") {
            guard let parsed = Digest(rest[rest.index(after: at)...]) else { throw .format }
            digest = parsed
            rest = rest[..<at]
        }
        let name = Self.cutTag(&rest)
        tag = name.tag
        if let tag, !Self.isTag(tag) { throw .format }
        (domain, path) = Self.split(name.name)
        if path.utf8.contains(where: { (0x41...0x5a).contains($0) }) { throw .uppercase(path) }
        guard Self.isDomain(domain), Self.isPath(path) else { throw .format }
        guard domain.utf8.count + 1 + path.utf8.count <= 255 else { throw .tooLong }
    }

    /// The full name without tag and digest: `docker.io/library/busybox`.
    package var name: String { "\(domain)/\(path)" }

    /// The name as users know it: `busybox`, `foo/bar`, `ghcr.io/x/y`.
    package var familiarName: String {
        guard domain == Self.hub else { return name }
        return path.hasPrefix("library/") && !path.dropFirst(8).contains("/") ? String(path.dropFirst(8)) : path
    }

    /// The name as users know it, with tag and digest.
    package var familiar: String { familiarName + suffix }

    /// The full form: `docker.io/library/busybox:latest`.
    package var description: String { name + suffix }

    /// This reference, with tag `latest` if it has neither a tag nor a digest.
    package var tagged: Self {
        var copy = self
        if tag == nil, digest == nil { copy.tag = "latest" }
        return copy
    }

    /// What the reference store keeps: a digest wins over a tag, no tag means `latest`.
    package var stored: Self {
        var copy = tagged
        if copy.digest != nil { copy.tag = nil }
        return copy
    }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
    private static let hub = "docker.io"
}

/// Why a text is no reference.
package enum ReferenceError: Error, Equatable, CustomStringConvertible {
    case format
    case uppercase(String)
    case hexadecimal(String)
    case tooLong

    /// Docker's words.
    package var description: String {
        switch self {
        case .format: "invalid reference format"
        case .uppercase(let path): "invalid reference format: repository name (\(path)) must be lowercase"
        case .hexadecimal(let text):
            "invalid repository name (\(text)), cannot specify 64-byte hexadecimal strings"
        case .tooLong: "repository name must not be more than 255 characters"
        }
    }
}

// The grammar: distribution/reference, `regexp.go`.
extension Reference {
    /// Takes a tag off the end: what follows the last `:` unless that is a port.
    private static func cutTag(_ text: inout Substring) -> (name: Substring, tag: String?) {
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else { return (text, nil) }
        return (text[..<colon], String(text[text.index(after: colon)...]))
    }

    private static func split(_ name: Substring) -> (domain: String, path: String) {
        guard let slash = name.firstIndex(of: "/") else { return (hub, "library/\(name)") }
        let first = name[..<slash]
        let isDomain =
            first.contains(".") || first.contains(":") || first == "localhost" || first.lowercased() != String(first)
        guard isDomain else { return (hub, String(name)) }
        let path = name[name.index(after: slash)...]
        guard first == hub || first == "index.docker.io" else { return (String(first), String(path)) }
        return (hub, path.contains("/") ? String(path) : "library/\(path)")
    }

    private static func isTag(_ tag: String) -> Bool {
        guard let first = tag.utf8.first, isWord(first), tag.utf8.count <= 128 else { return false }
        return tag.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isDomain(_ domain: String) -> Bool {
        var host = Substring(domain)
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            let port = host[host.index(after: colon)...]
            guard !port.isEmpty, port.utf8.allSatisfy(isDigit) else { return false }
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            return !address.isEmpty && address.utf8.allSatisfy { isHex($0) || $0 == UInt8(ascii: ":") }
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPath(_ path: String) -> Bool {
        path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isComponent($0) }
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
    private static func isComponent(_ component: Substring) -> Bool {
        guard let first = component.utf8.first, let last = component.utf8.last, isLower(first), isLower(last) else {
            return false
        }
        let separators = component.utf8.split(omittingEmptySubsequences: true) { isLower($0) }
        return separators.allSatisfy { separator in
            let text = String(Substring(separator))
            return [".", "_", "__"].contains(text) || text.utf8.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte | 0x20) }
    private static func isLower(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x7a).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x7a).contains(byte | 0x20) }
    private static func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
}
