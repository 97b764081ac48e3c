import Glibc
import Testing

@testable import FreshetCLI

@Suite struct OpenFileLimitTests {
    @Test func isRaisedAsFarAsItGoes() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        getrlimit(resource, &limit)
        // One less is enough, and harms no test that runs beside this one.
        limit.rlim_cur = limit.rlim_max - 1
        #expect(setrlimit(resource, &limit) == 0)
        OpenFileLimit.raise()
        var raised = rlimit()
        getrlimit(resource, &raised)
        #expect(raised.rlim_cur == limit.rlim_max)
    }
}
