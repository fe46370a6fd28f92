/// How large what is measured is: numbers of files and layers, sizes, time.
package struct Scale: Sendable {
    /// `quick`, `default`, `full`.
    package let name: String
    /// Seconds for all of it.
    package var budget: Double
    /// Rounds of each workload on each target, if the time lasts.
    package var rounds: Int
    /// No more than that, however uncertain.
    package var mostRounds: Int
    /// Small files, of 512 bytes, in the image of many small ones.
    let smallFiles: Int
    /// Files of 4 MiB in the image of few large ones.
    let largeFiles: Int
    /// Sizes of files that are written to for the first time, in bytes.
    let copyUpSizes: [Int]
    /// Numbers of layers; with the container's own the last makes 127, as many as aufs and overlay2 both take.
    let depths: [Int]
    /// Numbers of containers at once.
    let atOnce: [Int]
    /// Files changed before a commit.
    let changed: [Int]
    /// Bytes of the file that is read and written in the middle.
    let bigFile: Int

    package static let quick = Scale(
        name: "quick",
        budget: 110,
        rounds: 5,
        mostRounds: 12,
        smallFiles: 500,
        largeFiles: 4,
        copyUpSizes: [4 << 10, 1 << 20, 32 << 20],
        depths: [1, 8, 32, 126],
        atOnce: [1, 8],
        changed: [50],
        bigFile: 32 << 20
    )

    package static let usual = Scale(
        name: "default",
        budget: 840,
        rounds: 7,
        mostRounds: 40,
        smallFiles: 10_000,
        largeFiles: 24,
        copyUpSizes: [4 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20],
        depths: [1, 8, 32, 126],
        atOnce: [1, 8, 32],
        changed: [1, 100, 1000],
        bigFile: 128 << 20
    )

    package static let full = Scale(
        name: "full",
        budget: 5400,
        rounds: 10,
        mostRounds: 100,
        smallFiles: 10_000,
        largeFiles: 64,
        copyUpSizes: [4 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20, 1 << 30],
        depths: [1, 8, 32, 126],
        atOnce: [1, 8, 32, 64],
        changed: [1, 100, 1000, 10_000],
        bigFile: 512 << 20
    )

    package static let all = [quick, usual, full]
}
