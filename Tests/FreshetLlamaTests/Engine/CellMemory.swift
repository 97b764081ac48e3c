import Freshet
import FreshetLlama

/// llama.cpp's unified memory as its documentation has it, cell by cell: the simple model that ``PrefixCache`` is held
/// against. It carries out operations literally and traps where llama.cpp would go wrong.
struct CellMemory {
    final class Cell {
        let token: Token
        var position: Int
        var sequences: Set<Int32>
        /// When it was last asked for.
        var lastUse = 0

        init(_ token: Token, at position: Int, of sequence: Int32) {
            self.token = token
            self.position = position
            sequences = [sequence]
        }
    }

    private(set) var cells: [Cell] = []

    /// What a sequence holds, in order. `nil` when positions are missing or taken twice.
    func cells(of sequence: Int32) -> [Cell]? {
        let held = cells.filter { $0.sequences.contains(sequence) }.sorted { $0.position < $1.position }
        return held.map(\.position) == Array(0..<held.count) ? held : nil
    }

    func tokens(of sequence: Int32) -> [Token]? { cells(of: sequence)?.map(\.token) }

    mutating func decode(_ tokens: ArraySlice<Token>, of sequence: Int32) {
        var position = cells.count { $0.sequences.contains(sequence) }
        for token in tokens {
            cells.append(Cell(token, at: position, of: sequence))
            position += 1
        }
    }

    /// Carries an operation out.
    ///
    /// - Returns: whether it was one that may be asked for.
    mutating func perform(_ operation: PrefixCache.Operation) -> Bool {
        switch operation {
        case .share(let from, let to, let length):
            guard let source = cells(of: from), source.count >= length, cells(of: to)?.isEmpty == true else {
                return false
            }
            for cell in source.prefix(length) { cell.sequences.insert(to) }
        case .truncate(let sequence, let length):
            for cell in cells where cell.position >= length { cell.sequences.remove(sequence) }
            cells.removeAll { $0.sequences.isEmpty }
        }
        return true
    }

    /// Takes positions out of a sequence and moves the later ones down, as a context shift does.
    ///
    /// - Returns: whether nobody else was concerned.
    mutating func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool {
        let later = cells.filter { $0.sequences.contains(sequence) && $0.position >= range.lowerBound }
        guard later.allSatisfy({ $0.sequences.count == 1 }) else { return false }
        cells.removeAll { $0.sequences.contains(sequence) && range.contains($0.position) }
        for cell in later { cell.position -= range.count }
        return true
    }
}
