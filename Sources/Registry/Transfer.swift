import Archive
import CCurl
import Glibc
import Linux

/// One request on its way; libcurl calls it from the thread that waits for the end.
final class Transfer {
    private(set) var answer = HTTPAnswer()
    /// Why it was ended from here.
    private(set) var failure: (any Error)?
    private let request: HTTPRequest
    private let cancellation: Cancellation
    private var sent = 0

    init(_ request: HTTPRequest, _ cancellation: Cancellation) {
        self.request = request
        self.cancellation = cancellation
    }

    /// Tells libcurl to call this.
    func attach(to handle: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_XFERINFODATA] {
            varve_curl_set_pointer(handle, option, context)
        }
        varve_curl_set_data(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.of(context).header(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        varve_curl_set_data(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.of(context).receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        varve_curl_set_data(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            Transfer.of(context).send(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        varve_curl_set(handle, CURLOPT_NOPROGRESS, 0)
        varve_curl_set_progress(handle) { context, _, _, _, _ in
            Transfer.of(context).cancellation.isCancelled ? 1 : 0
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        guard let context else { fatalError("libcurl was given a context") }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// One line; each answer on the way to the last one begins anew.
    private func header(_ line: UnsafeRawBufferPointer) -> Int {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            answer = HTTPAnswer()
            answer.status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].lowercased()
            let value = text[text.index(after: colon)...].trimmed
            answer.headers[name] = answer.headers[name].map { "\($0), \(value)" } ?? value
        }
        return line.count
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        do {
            try cancellation.check()
            if let take = request.take, answer.status < 300 {
                try take(answer, bytes)
            } else {
                answer.body += bytes.prefix(max(0, HTTPAnswer.longest - answer.body.count))
            }
            return bytes.count
        } catch {
            failure = error
            return 0
        }
    }

    private func send(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        do {
            try cancellation.check()
            switch request.body {
            case .none: return 0
            case .bytes(let bytes):
                let count = min(buffer.count, bytes.count - sent)
                buffer.copyBytes(from: bytes[sent..<sent + count])
                sent += count
                return count
            case .source(let source, _): return try source.read(into: buffer)
            }
        } catch {
            failure = error
            return varve_curl_abort_read
        }
    }
}

extension Substring {
    /// Without blanks and line ends around it.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        let start = drop(while: isBlank)
        return String(start.reversed().drop(while: isBlank).reversed())
    }
}
