package import OCI

/// An image as the store knows it at one moment.
package struct Image: Sendable {
    /// The digest of `rawConfig`.
    package let id: ImageID
    /// The configuration, parsed.
    package let config: ImageConfig
    /// The configuration, byte for byte.
    package let rawConfig: [UInt8]
    /// Names with tags, in their order.
    package var references: [Reference]
    /// Names with digests, in their order.
    package var digests: [Reference]
    /// The image it was committed or built from, if that is known.
    package var parent: ImageID?
    /// What its layers take on disk, in bytes.
    package var size: Int64
    /// When a tag was last put on it.
    package var lastTagged: Timestamp?
}

/// How containers use an image.
package enum ImageUse: Sendable, Equatable {
    /// No container was made from it.
    case unused
    /// By a container that is not running: its full ID.
    case stopped(String)
    /// By a running one: its full ID.
    case running(String)
}

/// One line of what removing an image did.
package enum RemovedItem: Sendable, Equatable {
    /// A familiar reference that is gone.
    case untagged(String)
    /// An image ID or a chain ID that is gone.
    case deleted(String)
}

/// Where loading is.
package struct LoadProgress: Sendable, Equatable {
    /// The layer it is about.
    package let layer: DiffID
    /// `Loading layer`.
    package let status: String
    /// Bytes of the layer's blob that were taken.
    package let current: Int64
    /// Bytes of the blob in all.
    package let total: Int64
}

/// One image that came out of an archive.
package struct LoadedImage: Sendable, Equatable {
    /// Its ID.
    package let id: ImageID
    /// The names it got; none: `Loaded image ID: …`.
    package let references: [Reference]
    /// Names that were another image's before.
    package let renamed: [Renamed]

    /// A name that moved.
    package struct Renamed: Sendable, Equatable {
        package let reference: Reference
        package let old: ImageID

        /// Docker's words.
        package var description: String {
            "The image \(reference.familiar) already exists, renaming the old one with ID \(old) to empty string"
        }
    }
}

/// One step of an image's past, newest first.
package struct HistoryEntry: Sendable, Equatable {
    /// The image that this step ended in; nil: `<missing>`.
    package var id: ImageID?
    package var created: Timestamp?
    package var createdBy: String
    package var comment: String
    /// That image's familiar references.
    package var tags: [String]
    /// Bytes of the step's layer.
    package var size: Int64
}
