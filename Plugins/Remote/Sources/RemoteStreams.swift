// Layers on their way, never in memory as a whole.

public import Archive
public import GraphDrivers
import HTTPClient
import Linux
import PluginProtocol

extension Remote {
    /// `Diff`.
    public func diff(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws {
        try plugin.stream(.diff, request(id, parent)) { client, request, promises in
            let response = try plugin.begin(.diff, request, promises, on: client)
            if response.status != 200 { _ = try plugin.answer(of: response, to: .diff, about: request.id) }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
            defer { buffer.deallocate() }
            while true {
                let count = try response.read(into: buffer)
                if count == 0 { return }
                try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// `ApplyDiff`.
    public func apply(
        _ tar: any ByteSource,
        to id: LayerID,
        parent: LayerID?,
        limits: ArchiveLimits
    ) throws -> Int64 {
        let source = CountedSource(tar, limit: limits.expandedBytes)
        let answer = try plugin.stream(.applyDiff, request(id, parent)) { client, request, promises in
            let sent = ClientRequest(
                "POST",
                PluginCall.applyDiff.path,
                query: Self.query(request, promises, limits),
                headers: [("Accept", PluginCall.mediaType)],
                body: .stream(type: "application/x-tar", source.read)
            )
            let response: ClientResponse
            do { response = try client.send(sent) } catch { throw source.failure ?? error }
            let answer = try plugin.answer(of: response, to: .applyDiff, about: request.id)
            guard source.hasEnded else {
                throw plugin.error(.applyDiff, request.id, .lie("it says that it is done before the tar's end"))
            }
            return answer
        }
        return try checked(answer.size, .applyDiff, id, most: limits.expandedBytes)
    }

    private static func query(
        _ request: PluginRequest,
        _ promises: PluginPromises,
        _ limits: ArchiveLimits
    ) -> [(String, String)] {
        var query = [("id", request.id ?? ""), ("parent", request.parent ?? "")]
        if promises.homes == true, let home = request.home { query.append(("home", home)) }
        if promises.limits == true {
            query += [
                ("entries", "\(limits.entries)"), ("depth", "\(limits.depth)"), ("name", "\(limits.nameLength)"),
                ("bytes", "\(limits.expandedBytes)"),
            ]
        }
        return query
    }
}

/// A tar on its way: what went wrong on this side, and whether all of it left.
private final class CountedSource {
    private let tar: any ByteSource
    private var left: Int64
    private(set) var failure: (any Error)?
    private(set) var hasEnded = false

    init(_ tar: any ByteSource, limit: Int64) {
        self.tar = tar
        // Headers and what fills blocks up come on top of what members expand to.
        left = limit.addingReportingOverflow(limit / 2 + (1 << 30)).overflow ? .max : limit + limit / 2 + (1 << 30)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do {
            let count = try tar.read(into: buffer)
            left -= Int64(count)
            guard left >= 0 else { throw ArchiveError.tooLarge(limit: left) }
            hasEnded = count == 0
            return count
        } catch {
            failure = error
            throw error
        }
    }
}
