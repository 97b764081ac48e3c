import Foundation
import Freshet
import FreshetHTTP
import Testing

@Suite struct OpenAIErrorObjectTests {
    private func write(_ error: GenerationError) -> [UInt8] {
        var output: [UInt8] = []
        OpenAIErrorObject.append(error, to: &output)
        return output
    }

    private func read(_ body: String, status: Int = 400, fields: HTTPFields = [:]) -> GenerationError {
        OpenAIErrorObject.error(
            status: status, fields: fields, body: Array(body.utf8), now: Date(timeIntervalSince1970: 0))
    }

    @Test func errorsAreOpenAIs() {
        let invalid =
            #"{"error":{"message":"top_p is \"bad\".","type":"invalid_request_error","param":"top_p","#
            + #""code":"invalid_request"}}"#
        #expect(write(.invalid("top_p", #"is "bad""#)) == Array(invalid.utf8))
        let failed = #"{"error":{"message":"x","type":"server_error","param":null,"code":"engine_failed"}}"#
        #expect(write(GenerationError(.engineFailed, "x")) == Array(failed.utf8))
    }

    @Test(
        arguments: [
            (.invalidRequest, 400), (.promptTooLong, 400), (.unauthorized, 401), (.forbidden, 403),
            (.modelNotFound, 404),
            (.notFound, 404), (.methodNotAllowed, 405), (.requestTooLarge, 413), (.rateLimited, 429), (.cancelled, 499),
            (.engineFailed, 500), (.outOfMemory, 500), (.modelUnusable, 500), (.providerFailed, 502),
            (.badResponse, 502),
            (.truncated, 502), (.unreachable, 502), (.overloaded, 503), (.shuttingDown, 503), (.deadlineExceeded, 504),
            (.init(rawValue: "of its own"), 500),
        ] as [(GenerationError.Code, Int)])
    func everyCodeHasItsStatusAndComesBack(_ code: GenerationError.Code, _ status: Int) {
        #expect(ErrorStatus.status(of: code) == status)
        let error = GenerationError(code, "Né\n.", parameter: "messages[1].role", retryAfter: .seconds(3))
        let fields: HTTPFields = ["retry-after": RetryAfter.value(.seconds(3))]
        let whole = read(String(decoding: write(error), as: UTF8.self), status: status, fields: fields)
        #expect(whole.code == (code.rawValue == "of its own" ? .providerFailed : code))
        #expect(whole.message == error.message && whole.parameter == error.parameter)
        #expect(whole.retryAfter == .seconds(3))
        let event = (try? JSONValue(json: write(error))).flatMap(OpenAIErrorObject.error(in:))
        #expect(event?.code == whole.code && event?.message == error.message && event?.parameter == error.parameter)
    }

    /// What other servers say, and what becomes of it.
    @Test(
        arguments: [
            (
                400, #"{"error":{"message":"m","type":"invalid_request_error","param":"a","code":null}}"#,
                .invalidRequest
            ),
            (401, #"{"error":{"message":"m","code":"invalid_api_key"}}"#, .unauthorized),
            (404, #"{"error":{"message":"m","type":"invalid_request_error","code":null}}"#, .notFound),
            (404, #"{"error":{"message":"m","code":"model_not_found"}}"#, .modelNotFound),
            (429, #"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#, .rateLimited),
            (400, #"{"error":{"message":"m","code":"context_length_exceeded"}}"#, .promptTooLong),
            (400, #"{"error":{"code":400,"message":"m","type":"exceed_context_size_error"}}"#, .promptTooLong),
            (503, #"{"error":{"code":503,"message":"m","type":"unavailable_error"}}"#, .overloaded),
            (529, #"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, .overloaded),
            (200, #"{"error":{"message":"m","type":"x","param":null,"code":"500"}}"#, .providerFailed),
            (200, #"{"error":{"message":"m","code":429}}"#, .rateLimited),
            (500, #"{"error":"m"}"#, .providerFailed), (404, #"{"detail":"m"}"#, .notFound),
            (422, #"{"detail":[{"loc":["body"],"msg":"m","type":"missing"}]}"#, .invalidRequest),
            (400, #"{"object":"error","message":"m","type":"BadRequestError","code":400}"#, .invalidRequest),
            (400, #"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#, .invalidRequest),
        ] as [(Int, String, GenerationError.Code)])
    func otherServersAreUnderstood(_ status: Int, _ body: String, _ code: GenerationError.Code) {
        let error = read(body, status: status)
        #expect(error.code == code && error.message == "m", "\(error.code) \(error.message)")
    }

    @Test(arguments: [
        "<html><body>secret</body></html>", "secret", "", "[]", "{}", "{\"error\":{}}", "{\"error\":null}",
        "{\"secret\":1}",
        "\u{0}",
    ])
    func aPageIsNotRepeated(_ body: String) {
        for (status, code) in [
            (500, .providerFailed), (502, .providerFailed), (503, .overloaded), (404, .notFound), (403, .forbidden),
            (413, .requestTooLarge), (408, .deadlineExceeded), (418, .invalidRequest), (302, .badResponse),
        ] as [(Int, GenerationError.Code)] {
            let error = read(body, status: status)
            #expect(error.code == code && error.message.contains("\(status)") && !error.message.contains("secret"))
        }
    }

    @Test func longMessagesAreCut() {
        let error = read("{\"error\":\"\(String(repeating: "é", count: 100_000))\"}")
        #expect(error.message.count == OpenAIErrorObject.messageLimit + 1)
    }

    @Test func anEventIsAnErrorWhereItsErrorIsTrue() {
        let events: [(JSONValue, GenerationError.Code?)] = [
            (["error": "m"], .providerFailed), (["error": ["message": "m"]], .providerFailed),
            (["error": ["type": "rate_limit_error"]], .rateLimited), (["error": true], .providerFailed),
            (["x_groq": ["error": "m"]], .providerFailed), (["object": "error", "message": "m"], .providerFailed),
            (["error": .null], nil), (["error": ""], nil), (["error": [:]], nil), (["error": false], nil),
            (["error": 0], nil), ([:], nil), ([], nil),
        ]
        for (event, code) in events { #expect(OpenAIErrorObject.error(in: event)?.code == code, "\(event)") }
    }

    @Test(
        arguments: [
            (["Retry-After": "7"], .seconds(7)), (["retry-after": "0.25"], .milliseconds(250)),
            (["Retry-After": "-1"], .zero),
            (["Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT"], .seconds(60)),
            (["Retry-After": "Wed, 31 Dec 1969 23:00:00 GMT"], .zero),
            (["retry-after-ms": "1500", "Retry-After": "9"], .milliseconds(1500)),
            (["Retry-After": "inf"], .seconds(86_400)), (["Retry-After": "1e300"], .seconds(86_400)),
            (["Retry-After": "nan"], nil), (["Retry-After": "soon"], nil), (["Retry-After": ""], nil), ([:], nil),
        ] as [(HTTPFields, Duration?)])
    func retryAfterIsSecondsOrADate(_ fields: HTTPFields, _ wait: Duration?) {
        #expect(RetryAfter.read(fields, now: Date(timeIntervalSince1970: 0)) == wait)
    }

    @Test func retryAfterIsWrittenInWholeSeconds() {
        let waits: [(Duration, String)] = [
            (.zero, "0"), (.nanoseconds(1), "1"), (.seconds(2), "2"), (.seconds(-3), "0"),
        ]
        for (wait, text) in waits { #expect(RetryAfter.value(wait) == text) }
    }
}
