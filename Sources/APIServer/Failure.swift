import Engine
import HTTPServer
import Storage

/// The status and the text for whatever a handler threw.
enum Failure {
    static func answer(to error: any Error) -> (status: Int, message: String) {
        switch error {
        case let error as EngineError: (status(error.kind), error.description)
        case let error as StorageError: (status(error.kind), error.description)
        case let error as NoSwarm: (503, error.description)
        case let error as HTTPError:
            if case .bodyTooLarge = error { (413, error.description) } else { (500, error.description) }
        default: (500, "\(error)")
        }
    }

    private static func status(_ kind: StorageError.Kind) -> Int {
        switch kind {
        case .notFound: 404
        case .conflict: 409
        case .invalid: 400
        case .failed: 500
        }
    }

    private static func status(_ kind: EngineError.Kind) -> Int {
        switch kind {
        case .invalid: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .notModified: 304
        case .unsupported: 501
        case .failed: 500
        }
    }
}
