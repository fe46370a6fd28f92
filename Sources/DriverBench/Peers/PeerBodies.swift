/// What is sent to a daemon, and what is read of its answers: no more than the benchmark needs.
enum PeerBody {
    /// `POST /containers/create`.
    struct Create: Encodable {
        struct Host: Encodable {
            // Networks are not what is compared.
            let NetworkMode = "none"
        }

        let Image: String
        let Cmd: [String]
        let Labels: [String: String]
        // The first process of a container ignores signals that it does not know.
        let StopSignal = "SIGKILL"
        let HostConfig = Host()
    }

    /// `POST /containers/{id}/exec`.
    struct Exec: Encodable {
        let Cmd: [String]
        let AttachStdout = true
    }

    /// `POST /exec/{id}/start`.
    struct ExecStart: Encodable {
        let Detach = false
        let Tty = false
    }

    /// Something that was made.
    struct Made: Decodable { let Id: String }

    /// `POST /containers/{id}/wait`.
    struct Ended: Decodable { let StatusCode: Int }

    /// `GET /containers/json`.
    struct Container: Decodable { let Id: String }

    /// `GET /images/json`.
    struct Image: Decodable {
        let Id: String
        let RepoTags: [String]?
        let Labels: [String: String]?
    }

    /// `GET /info`.
    struct Info: Decodable {
        let Driver: String
        let DockerRootDir: String?
        let CgroupDriver: String?
        let CgroupVersion: String?
        let DefaultRuntime: String?
        let Containers: Int?
        let Images: Int?
    }

    /// `GET /version`.
    struct Version: Decodable {
        let Version: String
        let ApiVersion: String
    }

    /// A line of what `load` and `pull` tell while they work.
    struct Progress: Decodable { let error: String? }

    /// An error.
    struct Refusal: Decodable { let message: String }
}
