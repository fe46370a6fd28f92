import Glibc
import Linux

/// How long the other side of a connection may take.
package struct TimeLimits {
    /// When all must be done.
    package var deadline: ContinuousClock.Instant?
    /// How long it may be silent, or take nothing.
    package var silence: Duration?
    /// Asked after each such silence, with how many there were in a row: whether to wait as long again.
    package var mayGoOn: ((Int) -> Bool)?

    package init(deadline: ContinuousClock.Instant? = nil, silence: Duration? = nil) {
        self.deadline = deadline
        self.silence = silence
    }

    var areSet: Bool { deadline != nil || silence != nil }

    /// Returns when `event` has come, or if no limit is set. Throws `ClientError.timedOut`.
    func wait(for event: CInt, on socket: CInt) throws {
        guard areSet else { return }
        for silences in 1... {
            if try waitOnce(for: event, on: socket) { return }
            let isOver = deadline.map { $0 <= .now } ?? false
            guard !isOver, let mayGoOn, mayGoOn(silences) else { throw ClientError.timedOut }
        }
    }

    private func waitOnce(for event: CInt, on socket: CInt) throws -> Bool {
        let left = [deadline.map { $0 - .now }, silence].compactMap { $0 }.min() ?? .zero
        guard left > .zero else { return false }
        // A wait of 0 would only look.
        let milliseconds = CInt(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
        var query = pollfd(fd: socket, events: Int16(event), revents: 0)
        return try sys("wait for the daemon") { poll(&query, 1, milliseconds) } > 0
    }
}
