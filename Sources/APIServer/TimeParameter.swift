import Engine
import HTTPServer
import OCI

extension Timestamp {
    /// Nanoseconds since 1970; a time too far away for that is the first or the last one there is.
    var sinceEpoch: Int64 {
        let (whole, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooFar ? (seconds < 0 ? .min : .max) : whole + Int64(nanoseconds)
    }
}

extension Request {
    /// A point in time: seconds since 1970, RFC 3339, or a duration that is counted back from now.
    ///
    /// Nil where it is missing, empty or `0`.
    func time(_ name: String) throws -> Timestamp? {
        guard let text = query.string(name), !text.isEmpty, text != "0" else { return nil }
        guard let time = Timestamp(filter: text) else {
            throw EngineError(
                .invalid,
                "invalid value \"\(text)\" for \(name): write seconds since 1970, 2026-01-31T12:00:00Z or 10m"
            )
        }
        return time
    }
}
