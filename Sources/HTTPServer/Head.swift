import Glibc
import NIOCore

/// A response's status line and header fields, as bytes.
func responseHead(status: Int, fields: [(String, String)]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(512)
    buffer.writeString("HTTP/1.1 \(status) \(reason(status))\r\n")
    for (name, value) in fields {
        buffer.writeString(name)
        buffer.writeString(": ")
        // A value that a handler took from somewhere must not end its line.
        buffer.writeBytes(value.utf8.lazy.map { $0 < 32 ? UInt8(ascii: " ") : $0 })
        buffer.writeString("\r\n")
    }
    buffer.writeString("\r\n")
    return buffer
}

/// Now, as HTTP writes it.
func httpDate() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
}

/// `{"message":"…"}` and a newline, as dockerd writes it.
func errorBody(_ message: String) -> [UInt8] {
    var body = Array(#"{"message":""#.utf8)
    for byte in message.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): body += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): body += Array(#"\n"#.utf8)
        case UInt8(ascii: "\r"): body += Array(#"\r"#.utf8)
        case UInt8(ascii: "\t"): body += Array(#"\t"#.utf8)
        case 0..<32:
            body += Array(#"\u00"#.utf8) + Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16).utf8)
        default: body.append(byte)
        }
    }
    return body + Array("\"}\n".utf8)
}

private func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 406: "Not Acceptable"
    case 409: "Conflict"
    case 413: "Request Entity Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    default: status < 400 ? "OK" : "Error"
    }
}
