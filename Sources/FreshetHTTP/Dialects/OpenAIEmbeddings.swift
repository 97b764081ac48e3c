internal import Foundation
package import Freshet

/// Vectors ⇄ OpenAI's list of `embedding` objects.
package enum OpenAIEmbeddings {
    /// Adds a result's JSON.
    package static func append(
        _ result: Embeddings, encoding: OpenAIEmbeddingRequest.Encoding, to output: inout [UInt8]
    ) {
        output.append(literal: #"{"object":"list","data":"#)
        output.appendList(result.vectors.enumerated().map(\.self)) { output, item in
            append(item.element, at: item.offset, encoding: encoding, to: &output)
        }
        output.append(member: "model") { $0.append(json: result.model) }
        output.append(literal: #","usage":{"prompt_tokens":"#)
        output.append(json: result.usage.promptTokens)
        output.append(literal: #","total_tokens":"#)
        output.append(json: result.usage.totalTokens)
        output.append(literal: "}}")
    }

    /// Adds one vector's object.
    package static func append(
        _ vector: [Float], at place: Int, encoding: OpenAIEmbeddingRequest.Encoding, to output: inout [UInt8]
    ) {
        output.append(literal: #"{"object":"embedding","index":"#)
        output.append(json: place)
        output.append(member: "embedding") { output in
            switch encoding {
            case .float: output.appendList(vector) { $0.append(json: $1) }
            case .base64:
                output.append(UInt8(ascii: "\""))
                output.append(contentsOf: Self.data(of: vector).base64EncodedData())
                output.append(UInt8(ascii: "\""))
            }
        }
        output.append(literal: "}")
    }

    private static func data(of vector: [Float]) -> Data {
        var data = Data(capacity: 4 * vector.count)
        for number in vector { withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        return data
    }

    /// Reads a reply, in either encoding.
    ///
    /// - Parameter count: how many vectors were asked for.
    /// - Throws: ``GenerationError``: what the provider reports, or ``GenerationError/Code/badResponse`` when it is not
    ///   one vector for each text, all of one length.
    package static func read(
        _ body: some Collection<UInt8>, count: Int, model: String
    ) throws(GenerationError) -> Embeddings {
        guard let reply = try? JSONValue(json: body, of: "The reply") else { throw bad("is not JSON") }
        if let error = OpenAIErrorObject.error(in: reply) { throw error }
        guard case .array(let items) = reply["data"] else { throw bad("holds no list of embeddings") }
        guard items.count == count else { throw bad("holds \(items.count) embeddings for \(count) texts") }
        var vectors = [[Float]](repeating: [], count: count)
        for (place, item) in items.enumerated() {
            let index = item["index"]?.count ?? place
            guard vectors.indices.contains(index), vectors[index].isEmpty, let value = item["embedding"],
                let vector = vector(value), !vector.isEmpty
            else { throw bad("holds an embedding that is none, or one twice") }
            vectors[index] = vector
        }
        guard vectors.allSatisfy({ $0.count == vectors[0].count }) else {
            throw bad("holds embeddings of many lengths")
        }
        // Some servers count nothing.
        let tokens = reply["usage"]?["prompt_tokens"]?.count ?? reply["usage"]?["total_tokens"]?.count ?? 0
        return Embeddings(
            model: reply["model"]?.string ?? model, vectors: vectors,
            usage: Usage(promptTokens: tokens, completionTokens: 0))
    }

    private static func vector(_ value: JSONValue) -> [Float]? {
        if case .array(let items) = value {
            let numbers = items.compactMap(\.double).map { Float($0) }
            return numbers.count == items.count ? numbers : nil
        }
        guard let text = value.string, let data = Data(base64Encoded: text), data.count.isMultiple(of: 4) else {
            return nil
        }
        return data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
    }

    private static func bad(_ complaint: String) -> GenerationError {
        GenerationError(.badResponse, "The provider's reply \(complaint).")
    }
}
