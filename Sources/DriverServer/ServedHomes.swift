import GraphDrivers
import Linux
import PluginProtocol
import SystemPackage

/// The homes that clients have opened, each with its driver.
///
/// Docker opens one; Varve names the one it means in each call.
final class ServedHomes: Sendable {
    /// One home, open.
    struct Served: Sendable {
        let driver: any GraphDriver
        let views: ServedViews
    }

    private struct Home {
        var options: DriverOptions
        /// Nil after a release: it is opened again when somebody needs it.
        var driver: (any GraphDriver)?
        var views: ServedViews
        /// Calls under way.
        var calls = 0
    }

    private struct State {
        var homes: [String: Home] = [:]
        var last: String?
    }

    private let kind: DriverKind
    /// Where layers are, whatever clients say; nil: where they say.
    private let root: FilePath?
    private let options: DriverOptions
    /// How long a release waits for calls that are under way.
    private let patience: Int
    private let state = Waitable(State())

    init(_ kind: DriverKind, root: FilePath?, options: DriverOptions, patience: Int = 10_000) {
        self.kind = kind
        self.root = root
        self.options = options
        self.patience = patience
    }

    /// Opens a home; one that is open with these options stays as it is. Calls that name none are about it from now on,
    /// unless who opens it names it in each (`isNamed`).
    func open(_ home: String, options words: [String], isNamed: Bool) throws {
        var asked = try DriverOptions(parsing: words)
        asked.values = options.values + asked.values
        let isOpen = state.withLock { state in
            state.homes[home].map { $0.driver != nil && $0.options == asked } ?? false
        }
        if !isOpen { try release(home) }
        try state.withLock { state in
            defer { if !isNamed, state.homes[home]?.driver != nil { state.last = home } }
            if let known = state.homes[home], known.driver != nil, known.options == asked { return }
            try refuseSecond(home, state)
            let driver = try kind.open(home: root ?? FilePath(home), options: asked)
            let views = state.homes[home]?.views ?? ServedViews(home: FilePath(home))
            state.homes[home] = Home(options: asked, driver: driver, views: views)
        }
    }

    /// In one folder there is one driver: two clients would have each other's layers, and two drivers one folder.
    private func refuseSecond(_ home: String, _ state: State) throws {
        guard let root, let other = state.homes.first(where: { $0.key != home && $0.value.driver != nil }) else {
            return
        }
        throw DriverServerError.otherHome(root: root.string, home: other.key)
    }

    /// Runs a call on the home that it means, which stays open until it is done.
    func with<Result>(_ home: String?, _ body: (Served) throws -> Result) throws -> Result {
        let (name, served) = try state.withLock { state in
            guard let name = home ?? state.last, var known = state.homes[name] else {
                throw DriverServerError.notInitialized
            }
            if known.driver == nil { try refuseSecond(name, state) }
            let driver = try known.driver ?? kind.open(home: root ?? FilePath(name), options: known.options)
            known.driver = driver
            known.calls += 1
            state.homes[name] = known
            return (name, Served(driver: driver, views: known.views))
        }
        defer { state.withLock { $0.homes[name]?.calls -= 1 } }
        return try body(served)
    }

    /// Gives back what the driver took of the host, but for what is open; waits for calls that are under way, and is refused
    /// where they go on.
    func release(_ home: String?) throws {
        let isDone = try state.wait(milliseconds: patience) { state -> Bool? in
            guard let name = home ?? state.last, let known = state.homes[name], let driver = known.driver else {
                return true
            }
            if known.calls > 0 { return nil }
            state.homes[name]?.driver = nil
            try driver.release()
            return true
        }
        if isDone == nil { throw DriverServerError.busy }
    }

    /// The same for all, at the end.
    func releaseAll() throws {
        for name in state.withLock({ Array($0.homes.keys) }) { try release(name) }
    }
}
