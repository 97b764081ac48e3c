/* A line editor with history, over libedit.
 *
 * libedit's own functions cannot be called from Swift: el_set, el_get and history take variable arguments. This file
 * is the few calls that the chat needs, each with fixed arguments. It also waits for a key in poll rather than in read,
 * so that another thread can interrupt the wait by writing to a pipe; no signal handler runs libedit's code.
 *
 * One editor at a time, used from one thread at a time. Strings are UTF-8. */
#ifndef FRESHET_EDITOR_H
#define FRESHET_EDITOR_H

#include <stddef.h>

#pragma clang assume_nonnull begin

typedef struct freshet_editor freshet_editor;

/* What a read ended with. */
enum {
    FRESHET_EDIT_LINE = 0,        /* a line was entered */
    FRESHET_EDIT_END = 1,         /* Ctrl-D on an empty line, or the terminal is gone */
    FRESHET_EDIT_INTERRUPTED = 2, /* the wake descriptor became readable; what was typed is dropped */
};

/* Opens an editor that reads keys from `input` and draws on `output`, both terminals. The descriptors stay the
 * caller's; the editor works on duplicates. `wake` is watched and never read. Sets LC_CTYPE to a UTF-8 locale when it is not one,
 * because libedit reads and draws characters through it.
 * Returns NULL when the terminal cannot be used; nothing is left open then. */
freshet_editor *_Nullable freshet_edit_open(int input, int output, int wake);

/* Restores the terminal and frees everything. */
void freshet_edit_close(freshet_editor *editor);

/* Shows `prompt` and reads a line. `*line` is the text without its line end, owned by the editor and valid until the
 * next call; it is set for FRESHET_EDIT_LINE only. The terminal is in its ordinary mode when this returns.
 * `prompt` must stay valid during the call. Bytes between two \1 are sent but take no room on the screen. */
int freshet_edit_read(freshet_editor *editor, const char *prompt, const char *_Nullable *_Nonnull line);

/* Adds a line to the history. The last 1000 different lines are kept. */
void freshet_edit_remember(freshet_editor *editor, const char *line);

/* Reads or writes the history's file. Return 0, or -1 when the file cannot be opened or is not a history; the history
 * in memory is then what could be read. A file that is written is readable by its owner only. */
int freshet_edit_load_history(freshet_editor *editor, const char *path);
int freshet_edit_save_history(freshet_editor *editor, const char *path);

#pragma clang assume_nonnull end

#endif
