import ArgumentParser
import Linux
import SystemPackage

/// Where Varve's own sources name a driver that is built in.
enum DriverEntry: String, CaseIterable {
    case package = "Package.swift"
    case list = "Sources/varved/Drivers.swift"

    /// The file with the new driver's word in it; throws where it does not look as this program knows it.
    func edit(_ tree: FilePath, _ skeleton: DriverSkeleton) throws -> (FilePath, String) {
        let file = tree.pushing(FilePath(rawValue))
        let text = String(decoding: try readFile(file), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (line, isNext) in words(skeleton) {
            guard let place = lines.firstIndex(where: isNext) else {
                throw ValidationError("\(file) does not look as this program knows it: add '\(line)' by hand")
            }
            lines.insert(line, at: place)
        }
        return (file, lines.joined(separator: "\n"))
    }

    /// What to write, and before which line.
    private func words(_ skeleton: DriverSkeleton) -> [(line: String, isNext: (String) -> Bool)] {
        switch self {
        case .package: return [("    \"\(skeleton.type)\": [],", { $0.hasPrefix("    \"EROFS\": ") })]
        case .list:
            let line = "import \(skeleton.type)Driver"
            return [
                (line, { $0.isEmpty || $0.hasPrefix("import ") && $0 > line }),
                ("    DriverKind(\(skeleton.type).self),", { $0 == "]" }),
            ]
        }
    }
}
