/// Which Freshet this is.
public enum FreshetVersion {
    /// The version, as `freshet --version` tells it.
    public static let current = "0.1.0"
}
