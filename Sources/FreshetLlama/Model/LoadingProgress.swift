internal import Glibc

/// How far files that are read one after the other have been read, as one number from 0 to 1.
struct LoadingProgress {
    private let sizes: [Double]

    /// Files of so many bytes each.
    init(byteCounts: [Int]) {
        // Files of nothing are as good as any.
        sizes = byteCounts.contains { $0 > 0 } ? byteCounts.map { Double(max($0, 0)) } : byteCounts.map { _ in 1 }
    }

    /// The files at those paths. One that cannot be looked at counts for nothing; whoever reads it says why.
    init(paths: [String]) {
        self.init(
            byteCounts: paths.map { path in
                var status = stat()
                return stat(path, &status) == 0 ? Int(status.st_size) : 0
            })
    }

    /// The number when the file at that place has been read up to a fraction, and those before it to their end.
    func value(at place: Int, _ fraction: Double) -> Double {
        let (all, before) = (sizes.reduce(0, +), sizes.prefix(place).reduce(0, +))
        // At the end of the last file it is 1, whatever rounding does.
        return place == sizes.count - 1 && fraction >= 1 ? 1 : (before + sizes[place] * fraction) / all
    }
}
