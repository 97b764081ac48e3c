extension Int {
    /// The number with what it counts: `1 thread`, `2 threads`.
    ///
    /// - Parameter noun: a word whose plural has an *s*.
    package func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(self) \(noun)s" }
}
