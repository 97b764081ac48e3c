import Foundation

/// Both ends of a pseudo-terminal of 24 lines with 80 columns. Closing them is the owner's business.
struct PseudoTerminal {
    /// What a person would sit at.
    let mine: Int32
    /// What a program has for a terminal.
    let theirs: Int32
    /// The program's end in the file system.
    let name: String

    init() {
        mine = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: Int32 = 0
        _ = ioctl(mine, 0x4004_5431, &isLocked)  // TIOCSPTLCK: unlockpt is not imported
        var number: UInt32 = 0
        _ = ioctl(mine, 0x8004_5430, &number)  // TIOCGPTN: ptsname is not imported
        name = "/dev/pts/\(number)"
        theirs = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(theirs, UInt(TIOCSWINSZ), &size)
        // Waiting for a terminal that is none would never end.
        precondition(mine >= 0 && theirs >= 0, "no pseudo-terminal can be had: /dev/ptmx or /dev/pts is missing")
    }
}
