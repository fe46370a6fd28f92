import DriverChecks
import Overlay2Driver
import Testing

@Suite(.serialized) struct Overlay2Tests {
    @Test("Overlay2 keeps its promise", arguments: Check.all)
    func keeps(_ check: Check) throws { try TestHost.run(check, on: Overlay2.self) }
}
