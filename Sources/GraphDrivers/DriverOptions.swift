/// The daemon-wide `--storage-opt key=value` pairs, for the chosen driver.
public struct DriverOptions: Sendable, Equatable {
    /// In the order given; a driver refuses keys it does not know.
    public var values: [(key: String, value: String)]

    /// Holds `values`.
    public init(_ values: [(key: String, value: String)] = []) { self.values = values }

    /// Equal when keys and values are, in order.
    public static func == (left: Self, right: Self) -> Bool {
        left.values.elementsEqual(right.values) { $0.key == $1.key && $0.value == $1.value }
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
