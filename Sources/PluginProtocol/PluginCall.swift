/// What can be asked of a plug-in that is a graph driver: the last part of the request's path.
package enum PluginCall: String, Sendable, CaseIterable {
    /// Which kinds of plug-in it is.
    case activate = "Plugin.Activate"
    case initialize = "GraphDriver.Init"
    case capabilities = "GraphDriver.Capabilities"
    case create = "GraphDriver.Create"
    case createReadWrite = "GraphDriver.CreateReadWrite"
    case remove = "GraphDriver.Remove"
    case get = "GraphDriver.Get"
    case put = "GraphDriver.Put"
    case exists = "GraphDriver.Exists"
    case status = "GraphDriver.Status"
    case metadata = "GraphDriver.GetMetadata"
    case cleanup = "GraphDriver.Cleanup"
    case diff = "GraphDriver.Diff"
    case changes = "GraphDriver.Changes"
    case applyDiff = "GraphDriver.ApplyDiff"
    case diffSize = "GraphDriver.DiffSize"

    /// Where it is asked.
    package var path: String { "/" + rawValue }

    /// Whether it may take the longer the more data there is.
    package var takesLonger: Bool {
        switch self {
        case .create, .createReadWrite, .remove, .diff, .changes, .applyDiff, .diffSize: true
        default: false
        }
    }

    /// What a graph driver calls itself when it is activated.
    package static let kind = "GraphDriver"
    /// What both sides call the bodies.
    package static let mediaType = "application/vnd.docker.plugins.v1.2+json"
}
