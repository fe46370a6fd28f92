import CNftables
import Glibc
import Synchronization

/// The host's packet filter, through libnftables (`man 5 libnftables-json` has its model, `man 8 nft` its language).
///
/// Each call is one transaction of the kernel's: all of it holds, or nothing.
package final class PacketFilter: Sendable {
    private struct Context: ~Copyable, @unchecked Sendable {
        let pointer: OpaquePointer
        deinit { nft_ctx_free(pointer) }
    }

    // It is not made for several threads.
    private let context: Mutex<Context>

    package init() throws(NetworkError) {
        guard let pointer = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else { throw .firewall("libnftables does not start") }
        nft_ctx_buffer_error(pointer)
        nft_ctx_buffer_output(pointer)
        context = Mutex(Context(pointer: pointer))
    }

    /// Carries out `commands`, in the language of `nft`.
    package func run(_ commands: String) throws(NetworkError) {
        let failure = context.withLock { context -> String? in
            if nft_run_cmd_from_buffer(context.pointer, commands) == 0 { return nil }
            let said = nft_ctx_get_error_buffer(context.pointer).map { String(cString: $0) } ?? ""
            return said.split(separator: "\n").first.map(String.init) ?? "refused without a reason"
        }
        if let failure { throw .firewall(failure) }
    }
}
