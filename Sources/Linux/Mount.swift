public import SystemPackage

/// One mount, as data: what, where from, where to, how.
///
/// Options stay a list: the new mount API takes them one by one (an overlay of 128 layers does not fit in
/// the page that `mount(2)` reads), `mount(2)` takes them joined.
public struct Mount: Sendable, Equatable {
    /// The file system type (`overlay`, `ext4`); empty for a bind mount.
    public var type: String
    /// The device, or the folder to bind.
    public var source: String
    /// Where it is mounted.
    ///
    /// Drivers leave it to who mounts: relative to the view's root, empty for the root.
    public var target: FilePath
    /// What `mount(8)` calls options, data and flags alike: `ro`, `lowerdir+=/…`, `upperdir=/…`.
    public var options: [String]
    /// The folder of the file system that is shown as its root, as in btrfs's `subvol=`; empty: the whole.
    public var subfolder: FilePath

    /// Describes a mount; nothing happens until somebody mounts it.
    public init(
        type: String = "",
        source: String = "",
        target: FilePath = "",
        options: [String] = [],
        subfolder: FilePath = ""
    ) {
        self.type = type
        self.source = source
        self.target = target
        self.options = options
        self.subfolder = subfolder
    }
}

extension Mount {
    /// The options that switch off what no reader of an overlay's upper folders knows.
    ///
    /// A distribution may have switched them on for all overlays. A kernel that lacks the parameter would refuse the option.
    public static var plainOverlayOptions: [String] {
        ["index", "redirect_dir", "metacopy"]
            .filter { exists(FilePath("/sys/module/overlay/parameters/\($0)")) }
            .map { "\($0)=off" }
    }
}
