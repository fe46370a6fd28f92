import CISAL

/// Decompresses gzip, of one member or several, and holds each to its check sum and length.
package final class GunzipSource: ByteSource {
    private let source: any ByteSource
    private let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    /// Read apart, since ISA-L forgets what it knew of a header that comes in two pieces.
    private var header = isal_gzip_header()
    private var place = Place.betweenMembers

    private enum Place { case betweenMembers, header, data, damaged(reason: String) }

    /// Reads compressed bytes from `source`.
    package init(_ source: any ByteSource) {
        self.source = source
        isal_inflate_init(state)
    }

    deinit {
        state.deallocate()
        input.deallocate()
    }

    /// Hands on decompressed bytes; 0 at the end of the last member.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        let most = UInt32(min(buffer.count, 1 << 30))
        state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_out = most
        while state.pointee.avail_out == most {
            switch place {
            case .betweenMembers:
                if state.pointee.avail_in == 0, try !refill() { return 0 }
                isal_inflate_reset(state)
                isal_gzip_header_init(&header)
                place = .header
            case .header: try readHeader()
            case .data: try inflate()
            case .damaged(let reason): throw ArchiveError.damaged(reason: reason)
            }
        }
        return Int(most - state.pointee.avail_out)
    }

    private func refill() throws -> Bool {
        let count = try source.read(into: input)
        state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_in = UInt32(count)
        return count > 0
    }

    private func readHeader() throws {
        let status = isal_read_gzip_header(state, &header)
        if status == ISAL_END_INPUT {
            guard try refill() else { throw ArchiveError.truncated }
            return
        }
        guard status == ISAL_DECOMP_OK else { return place = .damaged(reason: Self.reason(status)) }
        state.pointee.crc_flag = UInt32(ISAL_GZIP_NO_HDR_VER)
        place = .data
    }

    private func inflate() throws {
        let room = state.pointee.avail_out
        let status = isal_inflate(state)
        guard status == ISAL_DECOMP_OK else { return place = .damaged(reason: Self.reason(status)) }
        if state.pointee.block_state == ISAL_BLOCK_FINISH {
            place = .betweenMembers
        } else if state.pointee.avail_in == 0, state.pointee.avail_out == room, try !refill() {
            // Without a byte more it had nothing left to give.
            throw ArchiveError.truncated
        }
    }

    private static func reason(_ status: CInt) -> String {
        switch status {
        case ISAL_INVALID_WRAPPER, ISAL_UNSUPPORTED_METHOD: "it is not gzip"
        case ISAL_INCORRECT_CHECKSUM: "its check sum is wrong"
        default: "its compressed data is damaged"
        }
    }
}
