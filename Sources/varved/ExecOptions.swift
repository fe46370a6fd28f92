/// dockerd's `--exec-opt`: how containers get their control groups.
enum ExecOptions {
    private static let driver = "native.cgroupdriver"

    /// Throws where one asks for anything but what is done anyway: groups that are made directly.
    static func check(_ options: [String]) throws(StartFailure) {
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].lowercased() == driver else {
                throw StartFailure("unknown exec-opt '\(option)'; there is \(driver)=cgroupfs alone")
            }
            switch parts[1] {
            case "cgroupfs", "": continue
            case "systemd":
                throw StartFailure(
                    "exec-opt \(option): varved makes control groups itself and never asks systemd; remove the option, and "
                        + "where all groups are systemd's, give varved a part of the tree by --cgroup-parent"
                )
            case "none":
                throw StartFailure("\(driver) option none is internally used and cannot be specified manually")
            default: throw StartFailure("\(driver) option \(parts[1]) not supported; write cgroupfs, or leave it out")
            }
        }
    }
}
