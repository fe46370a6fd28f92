import CCurl
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Requests over HTTP(S), by libcurl: proxies from the environment, redirections without credentials to other hosts,
/// connections that are used again.
package final class HTTPSession: Sendable {
    /// How a server proves who it is, and we do.
    struct Trust: Sendable, Equatable {
        var verifies = true
        /// Certificates to trust beside the system's, as PEM.
        var authorities: [UInt8] = []
        /// Files, as PEM.
        var certificate: String?
        var key: String?
    }

    private struct Handle: @unchecked Sendable {
        // One thread has it at a time.
        let pointer: UnsafeMutableRawPointer
    }

    /// Each keeps the connections that it has made.
    private let idle = Mutex<[Handle]>([])
    private static let mostIdle = 8
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    package init() { _ = Self.isReady }

    deinit { idle.withLock { for handle in $0 { curl_easy_cleanup(handle.pointer) } } }

    /// Sends a request and waits for its end, on a thread that may block; throws `RegistryError.network` where there was no
    /// answer, whatever that says, `CancellationError`, and what the request's own parts threw.
    func send(_ request: HTTPRequest, _ trust: Trust, _ cancellation: Cancellation) throws -> HTTPAnswer {
        try cancellation.check()
        let handle = try take()
        defer { give(back: handle) }
        let transfer = Transfer(request, cancellation)
        let list = prepare(handle.pointer, request, trust)
        defer { curl_slist_free_all(list) }
        transfer.attach(to: handle.pointer)
        let code = withExtendedLifetime(transfer) { curl_easy_perform(handle.pointer) }
        if let failure = transfer.failure { throw failure }
        try cancellation.check()
        guard code == CURLE_OK else {
            throw RegistryError.network(url: request.url, reason: String(cString: curl_easy_strerror(code)))
        }
        return transfer.answer
    }

    private func take() throws -> Handle {
        if let handle = idle.withLock({ $0.popLast() }) {
            curl_easy_reset(handle.pointer)
            return handle
        }
        guard let pointer = curl_easy_init() else { throw SystemError("begin an HTTP request", .noMemory) }
        return Handle(pointer: pointer)
    }

    private func give(back handle: Handle) {
        let isKept = idle.withLock { idle in
            if idle.count < Self.mostIdle { idle.append(handle) }
            return idle.last?.pointer == handle.pointer
        }
        if !isKept { curl_easy_cleanup(handle.pointer) }
    }

    /// The headers must live as long as the request.
    private func prepare(
        _ handle: UnsafeMutableRawPointer,
        _ request: HTTPRequest,
        _ trust: Trust
    ) -> UnsafeMutablePointer<curl_slist>? {
        varve_curl_set_text(handle, CURLOPT_URL, request.url)
        varve_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        varve_curl_set_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        varve_curl_set(handle, CURLOPT_NOSIGNAL, 1)
        varve_curl_set(handle, CURLOPT_BUFFERSIZE, 512 << 10)
        varve_curl_set(handle, CURLOPT_CONNECTTIMEOUT, 30)
        // A minute without a byte is a dead connection; but a registry may take minutes to take in what it was sent.
        varve_curl_set(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
        varve_curl_set(handle, CURLOPT_LOW_SPEED_TIME, Self.onlyReads(request) ? 60 : 600)
        varve_curl_set(handle, CURLOPT_TCP_KEEPALIVE, 1)
        varve_curl_set(handle, CURLOPT_TCP_KEEPIDLE, 30)
        varve_curl_set(handle, CURLOPT_TCP_KEEPINTVL, 15)
        setMethod(handle, request)
        setTrust(handle, trust)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in request.headers.map({ "\($0.name): \($0.value)" }) + ["User-Agent: varve", "Expect:"] {
            list = curl_slist_append(list, line)
        }
        varve_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
        return list
    }

    private static func onlyReads(_ request: HTTPRequest) -> Bool { ["GET", "HEAD"].contains(request.method) }

    private func setMethod(_ handle: UnsafeMutableRawPointer, _ request: HTTPRequest) {
        if request.method == "HEAD" { varve_curl_set(handle, CURLOPT_NOBODY, 1) }
        if Self.onlyReads(request) {
            // What is sent is not sent again to whom it was not meant for.
            varve_curl_set(handle, CURLOPT_FOLLOWLOCATION, 1)
            varve_curl_set(handle, CURLOPT_MAXREDIRS, 10)
            return
        }
        varve_curl_set(handle, CURLOPT_UPLOAD, 1)
        varve_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
        let length: Int64? =
            switch request.body {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .source(_, let length): length
            }
        // -1: in chunks.
        varve_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(length ?? -1))
    }

    private func setTrust(_ handle: UnsafeMutableRawPointer, _ trust: Trust) {
        varve_curl_set(handle, CURLOPT_SSL_VERIFYPEER, trust.verifies ? 1 : 0)
        varve_curl_set(handle, CURLOPT_SSL_VERIFYHOST, trust.verifies ? 2 : 0)
        if !trust.authorities.isEmpty {
            varve_curl_set_bytes(handle, CURLOPT_CAINFO_BLOB, trust.authorities, trust.authorities.count)
        }
        if let certificate = trust.certificate { varve_curl_set_text(handle, CURLOPT_SSLCERT, certificate) }
        if let key = trust.key { varve_curl_set_text(handle, CURLOPT_SSLKEY, key) }
    }
}
