extension String {
    /// Whether a host of this name, or of this address as digits, is this machine, which only its own programs reach:
    /// `localhost`, `::1`, in brackets too, and 127.0.0.0/8.
    package var isLoopbackHost: Bool {
        if ["localhost", "::1", "[::1]"].contains(lowercased()) { return true }
        // `127.example.com` is a name like any other.
        let parts = split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && !parts.contains(nil) && parts[0] == 127
    }
}
