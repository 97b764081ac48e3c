/// The parts of a GGUF header, in the order in which they stand.
extension GGUFFile {
    static func readVersion(_ reader: inout GGUFReader) throws(GGUFDamage) -> Int {
        let magic = Array("GGUF".utf8)
        for place in magic.indices {
            guard reader.byteCount > place, try reader.integer(UInt8.self) == magic[place] else {
                throw GGUFDamage("it is not a GGUF file")
            }
        }
        switch try reader.integer(UInt32.self) {
        case 2: return 2
        case 3: return 3
        case 1: throw GGUFDamage("it is GGUF version 1, which is no longer read; convert it to version 3")
        case let version where version != 0 && version.byteSwapped < 256:
            throw GGUFDamage("it was made for a big-endian machine; convert it to little-endian")
        case let version: throw GGUFDamage("it is GGUF version \(version), and only 2 and 3 are known")
        }
    }

    static func readMetadata(
        _ reader: inout GGUFReader, count: Int
    ) throws(GGUFDamage) -> (entries: [Entry], places: [String: Int]) {
        var entries: [Entry] = []
        var places: [String: Int] = [:]
        for place in 0..<count {
            let key = try reader.name(of: "metadata entry \(place)")
            guard places.updateValue(place, forKey: key) == nil else {
                throw GGUFDamage("it holds the key \(quoted(key)) twice")
            }
            entries.append((key, try reader.value(of: key)))
        }
        return (entries, places)
    }

    static func alignment(_ value: GGUFValue?) throws(GGUFDamage) -> Int {
        guard let value else { return 32 }
        guard case .uint32(let alignment) = value, alignment.nonzeroBitCount == 1 else {
            throw GGUFDamage("its general.alignment is \(value), and must be a power of two")
        }
        return Int(alignment)
    }

    static func readTensors(_ reader: inout GGUFReader, count: Int) throws(GGUFDamage) -> [GGUFTensorInfo] {
        var tensors: [GGUFTensorInfo] = []
        var names: Set<String> = []
        for place in 0..<count {
            let name = try reader.name(of: "tensor \(place)")
            guard name.utf8.count < 64 else { throw GGUFDamage("the name of its tensor \(quoted(name)) is too long") }
            guard names.insert(name).inserted else { throw GGUFDamage("it holds the tensor \(quoted(name)) twice") }
            let rank = try reader.integer(UInt32.self)
            guard rank <= 4 else {
                throw GGUFDamage("its tensor \(quoted(name)) has \(rank) dimensions; 4 is the most")
            }
            var dimensions: [Int] = []
            for _ in 0..<rank { dimensions.append(Int(truncatingIfNeeded: try reader.integer(UInt64.self))) }
            let number = try reader.integer(UInt32.self)
            guard let type = GGUFTensorType(number: number) else {
                throw GGUFDamage("its tensor \(quoted(name)) is of type \(number), which ggml does not know")
            }
            let offset = Int(truncatingIfNeeded: try reader.integer(UInt64.self))
            tensors.append(try GGUFTensorInfo(name: name, dimensions: dimensions, type: type, offset: offset))
        }
        return tensors
    }

    /// Tensors follow each other without gap or overlap, each at the next multiple of the alignment: llama.cpp takes no
    /// other order.
    static func checkPlaces(
        _ tensors: [GGUFTensorInfo], alignment: Int, dataOffset: Int, byteCount: Int
    ) throws(GGUFDamage) {
        var next = 0
        var needed = dataOffset
        for tensor in tensors {
            guard tensor.offset == next else {
                throw GGUFDamage("its tensor \(quoted(tensor.name)) begins at \(tensor.offset) instead of \(next)")
            }
            let (end, overflow) = next.addingReportingOverflow(tensor.byteCount)
            guard !overflow, end <= Int.max - alignment - dataOffset else {
                throw GGUFDamage("its tensor \(quoted(tensor.name)) is larger than any file")
            }
            needed = dataOffset + end
            next = aligned(end, to: alignment)
        }
        guard tensors.isEmpty || needed <= byteCount else {
            throw GGUFDamage("it is truncated: it needs \(needed) bytes and has \(byteCount)")
        }
    }

    static func aligned(_ place: Int, to alignment: Int) -> Int { (place + alignment - 1) & ~(alignment - 1) }
}
