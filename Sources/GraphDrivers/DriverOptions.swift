/// The daemon-wide `--storage-opt key=value` pairs, for the chosen driver.
public struct DriverOptions: Sendable, Equatable {
    /// In the order given; a driver refuses keys it does not know.
    public var values: [(key: String, value: String)]

    /// Holds `values`.
    public init(_ values: [(key: String, value: String)] = []) { self.values = values }

    /// Reads `key=value` texts as users type them: split at the first `=`, blanks around both parts taken off.
    public init(parsing texts: [String]) throws {
        values = try texts.map { text in
            guard let equals = text.firstIndex(of: "=") else { throw OptionError.notAPair(text) }
            return (text[..<equals].trimmingBlanks, text[text.index(after: equals)...].trimmingBlanks)
        }
    }

    /// Equal when keys and values are, in order.
    public static func == (left: Self, right: Self) -> Bool {
        left.values.elementsEqual(right.values) { $0.key == $1.key && $0.value == $1.value }
    }
}

/// A storage option that nobody can read.
public enum OptionError: Error, Equatable, CustomStringConvertible {
    /// There is no `=` in it.
    case notAPair(String)
    /// It is no size.
    case notASize(String)

    /// What is wrong, and how it should look.
    public var description: String {
        switch self {
        case .notAPair(let text): "unable to parse storage-opt key/value: \(text); write it as key=value"
        case .notASize(let text): "invalid size: '\(text)'; write it as 500m, 10G or 1.5t"
        }
    }
}

/// A number of bytes as people write it: `10G`, `1.5 MiB`, `512`; a `k` is 1024, or what `kilo` says.
public func parseSize(_ text: String, kilo: Double = 1024) throws(OptionError) -> Int64 {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    var suffix = text[digits.endIndex...].trimmingBlanks.lowercased()
    if suffix.count > 1, suffix.hasSuffix("b") { suffix.removeLast() }
    if suffix.count > 1, suffix.hasSuffix("i") { suffix.removeLast() }
    let powers = ["": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5]
    guard let number = Double(digits), let power = powers[suffix] else { throw .notASize(text) }
    let bytes = (0..<power).reduce(number) { bytes, _ in bytes * kilo }
    guard let size = Int64(exactly: bytes.rounded(.down)) else { throw .notASize(text) }
    return size
}

extension StringProtocol {
    /// Without the blanks at both ends.
    var trimmingBlanks: String {
        let start = drop { $0.isWhitespace }
        return String(
            start[..<(start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex)]
        )
    }
}

/// What one layer is to be.
public struct LayerOptions: Sendable, Equatable {
    /// A container writes to it (Docker: `CreateReadWrite`); else a tar will be applied to it, once.
    public var isWritable: Bool
    /// A container's own `--storage-opt`, as `size=10G`.
    public var storage: [String: String]

    /// Describes a layer.
    public init(isWritable: Bool = false, storage: [String: String] = [:]) {
        self.isWritable = isWritable
        self.storage = storage
    }
}
