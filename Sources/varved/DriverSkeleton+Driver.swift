extension DriverSkeleton {
    /// The driver itself: `GraphDriver` says what each function promises.
    func driver(access: String) -> String {
        [("VISIBLE", access), ("ACCESS", access), ("TYPE", type), ("NAME", name)].reduce(Self.driver) { text, word in
            text.replacing(word.0, with: word.1)
        }
    }

    private static let driver = """
        import Archive
        import Glibc
        VISIBLEimport GraphDrivers
        import Linux
        VISIBLEimport SystemPackage

        /// Keeps each layer as a whole tree, a copy of its parent's: change that. All else that a driver can do (what
        /// changed, layers from tars and to tars, sizes) has defaults, which compare trees.
        ACCESSstruct TYPE: GraphDriver {
            /// What users type after `--storage-driver`.
            ACCESSstatic let name = "NAME"
            private let home: FilePath

            /// Lays the home out at first. Where this host can't run the driver, throw `DriverError.unsupported`.
            ACCESSinit(home: FilePath, options: DriverOptions) throws {
                for (key, _) in options.values { throw DriverError.unknownOption(driver: Self.name, key: key) }
                try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
                self.home = home
            }

            /// Builds aside and renames in: whenever the power goes, the layer is whole or not there.
            ACCESSfunc create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
                for (key, _) in options.storage { throw DriverError.unknownOption(driver: Self.name, key: key) }
                if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
                if let parent, !contains(parent) { throw DriverError.noSuchLayer(driver: Self.name, parent) }
                let new = aside(id, "new")
                try removeTree(new)
                do {
                    try sys("make \\(new)") { mkdir(new.string, 0o755) }
                    try sys("set the mode of \\(new)") { chmod(new.string, 0o755) }  // whatever the umask
                    if let parent { try copyTree(folder(parent), to: new) }
                    try sys("rename \\(new) to \\(folder(id))") { rename(new.string, folder(id).string) }
                } catch {
                    try? removeTree(new)  // the first error is the one to report; `remove` tries again
                    throw error
                }
            }

            /// Deletes what there is of the layer, also what a killed `create` or `remove` left.
            ACCESSfunc remove(_ id: LayerID) throws {
                let gone = aside(id, "gone")
                for half in [aside(id, "new"), gone] { try removeTree(half) }
                guard contains(id) else { return }
                try removeTree(rename(folder(id).string, gone.string) == 0 ? gone : folder(id))
            }

            /// Whether the layer is there.
            ACCESSfunc contains(_ id: LayerID) -> Bool { isFolder(folder(id)) }

            /// How the layer is seen: a folder, or mounts that the caller makes.
            ACCESSfunc open(_ id: LayerID) throws -> LayerView {
                guard contains(id) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
                return .folder(folder(id))
            }

            private func folder(_ id: LayerID) -> FilePath { home.appending("\\(id)") }
            private func aside(_ id: LayerID, _ state: String) -> FilePath { home.appending(".\\(id).\\(state)") }
        }

        """
}
