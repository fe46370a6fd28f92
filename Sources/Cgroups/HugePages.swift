import Linux
import OCI
import SystemPackage

/// Huge pages of one size that a container uses, in bytes; nil is what this kernel does not tell.
package struct HugePageUsage: Sendable, Equatable {
    package var current: UInt64?
    /// The most that was ever used; v1 alone tells.
    package var most: UInt64?
    /// How many times the limit was reached.
    package var failures: UInt64?
}

extension ControlGroup {
    /// By the size of the pages, as `2MB`; empty where nobody counts them.
    package var hugePages: [String: HugePageUsage] {
        guard let folder = unified ?? folder(of: "hugetlb") else { return [:] }
        let suffix = unified == nil ? ".usage_in_bytes" : ".current"
        // A group that can't be listed is gone, and uses nothing.
        let files = ((try? listFolder(folder)) ?? []).filter { $0.hasPrefix("hugetlb.") && $0.hasSuffix(suffix) }
        let sizes = files.map { $0.dropFirst("hugetlb.".count).dropLast(suffix.count) }
        var found: [String: HugePageUsage] = [:]
        for size in sizes where !size.contains(".") { found[String(size)] = hugePages(of: String(size), folder) }
        return found
    }

    private func hugePages(of size: String, _ folder: FilePath) -> HugePageUsage {
        func file(_ name: String) -> FilePath { folder.appending("hugetlb.\(size).\(name)") }
        var usage = HugePageUsage()
        if unified != nil {
            usage.current = Counters.one(file("current"))
            usage.failures = Counters.all(file("events"))["max"]
        } else {
            usage.current = Counters.one(file("usage_in_bytes"))
            usage.most = Counters.one(file("max_usage_in_bytes"))
            usage.failures = Counters.one(file("failcnt"))
        }
        return usage
    }

    /// Pages in use, and, since Linux 5.7, those set aside, so that what can't be had is refused and not killed for.
    /// (Documentation/admin-guide/cgroup-v1/hugetlb.rst, cgroup-v2.rst, "HugeTLB")
    func limit(_ pages: RuntimeHugePageLimit) throws {
        let size = pages.pageSize
        guard !size.isEmpty, size.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) }) else {
            throw SystemError("limit huge pages of \"\(size)\", which is no size as 2MB", .invalidArgument)
        }
        guard let folder = unified ?? folder(of: "hugetlb") else {
            throw SystemError("limit huge pages of \(size) without the controller `hugetlb`", .notSupported)
        }
        let name = unified == nil ? "limit_in_bytes" : "max"
        try setControl(folder.appending("hugetlb.\(size).\(name)"), "\(pages.limit)")
        let reserved = folder.appending("hugetlb.\(size).rsvd.\(name)")
        if exists(reserved) { try setControl(reserved, "\(pages.limit)") }
    }
}
