import CLinux

/// A request to rtnetlink: a header, a fixed part, and attributes (`man 7 rtnetlink`, `man 3 netlink`).
public struct NetlinkMessage: Sendable {
    /// What it is for, with its object, as errors name it.
    let call: String
    private(set) var bytes: [UInt8]

    /// One of type `type`, with the flags of `man 7 netlink` but for REQUEST and ACK, which it gets when it is sent.
    public init(_ call: String, _ type: Int, flags: Int = 0) {
        self.call = call
        bytes = []
        append(UInt32(0))  // its length, once it is known
        append(UInt16(type))
        append(UInt16(flags | Int(LINUX_NLM_REQUEST)))
        append(UInt32(0))  // its number
        append(UInt32(0))
    }

    /// The fixed part of requests about links (`struct ifinfomsg`).
    public mutating func link(index: Int32 = 0, flags: UInt32 = 0, changing: UInt32 = 0, family: Int32 = 0) {
        append([UInt8(family), 0, 0, 0])
        append(UInt32(bitPattern: index))
        append(flags)
        append(changing)
    }

    /// The fixed part of requests about addresses (`struct ifaddrmsg`).
    public mutating func address(family: Int32, bits: Int, index: Int32) {
        append([UInt8(family), UInt8(bits), 0, 0])
        append(UInt32(bitPattern: index))
    }

    /// The fixed part of requests about routes to others, in the main table (`struct rtmsg`).
    public mutating func route(family: Int32, bits: Int, scope: Int) {
        let kind = [LINUX_RT_TABLE_MAIN, LINUX_RTPROT_BOOT].map { UInt8($0) }
        append([UInt8(family), UInt8(bits), 0, 0] + kind + [UInt8(scope), UInt8(LINUX_RTN_UNICAST)])
        append(UInt32(0))
    }

    /// An attribute with these bytes.
    public mutating func add(_ attribute: Int, _ value: [UInt8]) {
        append(UInt16(4 + value.count))
        append(UInt16(attribute))
        append(value)
        append([UInt8](repeating: 0, count: -bytes.count & 3))
    }

    /// An attribute with a number.
    public mutating func add(_ attribute: Int, _ value: UInt32) {
        add(attribute, withUnsafeBytes(of: value) { Array($0) })
    }

    /// An attribute with a text.
    public mutating func add(_ attribute: Int, _ value: String) { add(attribute, Array(value.utf8) + [0]) }

    /// An attribute that holds what `body` adds.
    public mutating func nest(_ attribute: Int, marked: Bool = true, _ body: (inout Self) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        append(UInt16(attribute | (marked ? Int(LINUX_NLA_NESTED) : 0)))
        body(&self)
        set(UInt16(bytes.count - start), at: start)
    }

    /// As it goes out, with its number.
    func numbered(_ number: UInt32, acknowledged: Bool) -> [UInt8] {
        var message = self
        message.set(UInt32(message.bytes.count), at: 0)
        message.set(number, at: 8)
        if acknowledged { message.bytes[6] |= UInt8(LINUX_NLM_ACK) }
        return message.bytes
    }

    private mutating func append(_ more: [UInt8]) { bytes += more }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    private mutating func set(_ value: some FixedWidthInteger, at place: Int) {
        withUnsafeBytes(of: value) { bytes.replaceSubrange(place..<place + $0.count, with: $0) }
    }
}

/// One answer: its type, and what follows the header.
public struct NetlinkAnswer: Sendable {
    /// What it is: RTM_NEWLINK and so on.
    public let type: Int
    let number: UInt32
    /// What follows the header.
    public let body: [UInt8]

    /// The number at `place` of the fixed part.
    public func number(at place: Int) -> UInt32 {
        guard place + 4 <= body.count else { return 0 }
        return body[place..<place + 4].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }

    /// The attributes behind a fixed part of so many bytes.
    public func attributes(after start: Int) -> [Int: [UInt8]] { Self.attributes(body.dropFirst(start)) }

    /// Those in the bytes of another one.
    public static func attributes(_ bytes: some Sequence<UInt8>) -> [Int: [UInt8]] {
        let bytes = Array(bytes)
        var found: [Int: [UInt8]] = [:]
        var place = 0
        while place + 4 <= bytes.count {
            let length = Int(bytes[place]) | Int(bytes[place + 1]) << 8
            let type = (Int(bytes[place + 2]) | Int(bytes[place + 3]) << 8) & 0x3fff
            guard length >= 4, place + length <= bytes.count else { break }
            found[type] = Array(bytes[place + 4..<place + length])
            place += (length + 3) & ~3
        }
        return found
    }
}
