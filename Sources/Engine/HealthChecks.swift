import DockerAPI
import Launcher
import Linux
import Logging
import Metrics
import OCI
import RuntimeProtocol
import SystemPackage

/// Health checks: a command that is run in the container again and again.
extension Engine {
    /// Checks the container as long as this is its monitor.
    func checkHealth(of container: Container, _ monitor: Monitor) {
        Task {
            guard let plan = HealthPlan(await container.record.config) else { return }
            let began = ContinuousClock.now
            while let health = await container.health(under: monitor) {
                try? await Task.sleep(for: plan.pause(health, sinceStart: began.duration(to: .now)))
                guard await container.health(under: monitor) != nil else { return }
                if await container.standsStill { continue }
                let sinceStart = began.duration(to: .now)
                // What stood still meanwhile says nothing of its health.
                guard let result = await probe(container, monitor, plan), await !container.standsStill else { continue }
                metrics.healthChecks.add()
                if result.exitCode != 0 { metrics.failedHealthChecks.add() }
                let change = await container.note(result, plan, sinceStart, under: monitor)
                guard let (before, after) = change else { return }
                if before != after { emit("health_status: \(after)", await container.record) }
            }
        }
    }

    /// Runs the check once; it is killed when it takes too long.
    private func probe(_ container: Container, _ monitor: Monitor, _ plan: HealthPlan) async -> HealthResult? {
        var result = HealthResult()
        result.start = Timestamp.now.description
        let began = ContinuousClock.now
        do {
            var request = ExecCreateRequest()
            request.cmd = plan.command
            (request.attachStdout, request.attachStderr) = (true, true)
            let id = try await createExec(container.id, request)
            guard let stream = try await startExec(id, detach: false, consoleSize: nil) else { return result }
            let alarm = Task {
                try await Task.sleep(for: plan.timeout)
                try await monitor.signal(9, process: id)
            }
            let output = (try? await pool.run { try HealthOutput.read(stream) }) ?? []
            let code = await monitor.exited(exec: id).exitCode
            alarm.cancel()
            let isLate = code == 137 && began.duration(to: .now) >= plan.timeout
            result.exitCode = isLate ? -1 : code
            let late = "Health check exceeded timeout (\(plan.timeout.components.seconds)s)"
            result.output = isLate ? late : String(decoding: output, as: UTF8.self)
        } catch let error as EngineError where error.kind == .conflict {
            return nil
        } catch {
            (result.exitCode, result.output) = (-1, "\(error)")
        }
        result.end = Timestamp.now.description
        return result
    }
}

/// What a check says: the frames of its output and errors, without their heads.
private enum HealthOutput {
    private static let most = 4096

    static func read(_ stream: FileDescriptor) throws -> [UInt8] {
        defer { try? stream.close() }
        var (text, head): ([UInt8], [UInt8]) = ([], [])
        var left = 0
        var buffer = [UInt8](repeating: 0, count: 8192)
        while case let count = try buffer.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
            var rest = buffer[..<count]
            while !rest.isEmpty {
                if left == 0 {
                    head.append(rest.removeFirst())
                    guard head.count == 8 else { continue }
                    left = head[4...].reduce(0) { $0 << 8 | Int($1) }
                    head = []
                }
                let taken = rest.prefix(left)
                text += taken.prefix(most - text.count)
                left -= taken.count
                rest = rest.dropFirst(taken.count)
            }
        }
        return text
    }
}
