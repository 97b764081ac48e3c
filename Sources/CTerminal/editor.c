#include "freshet_editor.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

struct freshet_editor {
    EditLine *edit;
    History *history;
    FILE *input;
    FILE *output;
    int wake;
    int changes[2]; /* a pipe: the handler below writes, the wait for a key reads */
    int interrupted;
    const char *prompt;
    char *line;
};

/* Where the handler writes: the open editor's pipe. */
static volatile sig_atomic_t changes_writer = -1;

/* Notes that the window's size has changed, or that the program goes on after Ctrl-Z. Some other thread may run this,
 * so that it wakes the wait for a key by a pipe. */
static void note_change(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(changes_writer, &byte, 1);
    (void)written; /* a full pipe holds changes enough */
    errno = before;
}

static char *current_prompt(EditLine *edit) {
    freshet_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return (char *)editor->prompt;
}

/* Redraws what a change of the window's size, or a stop by Ctrl-Z, has spoilt. */
static void catch_up(freshet_editor *editor) {
    unsigned char number;
    while (read(editor->changes[0], &number, 1) == 1) {
        if (number == SIGWINCH) el_resize(editor->edit);
        if (number == SIGCONT) {
            el_set(editor->edit, EL_PREP_TERM, 1);
            el_set(editor->edit, EL_REFRESH);
        }
    }
}

/* Reads one character: bytes up to a whole UTF-8 one. Bytes that are no UTF-8 are left out.
 * Returns 1, 0 at the end of input, or -1 when interrupted, as libedit expects. */
static int read_character(EditLine *edit, wchar_t *character) {
    freshet_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    mbstate_t state;
    memset(&state, 0, sizeof state);
    for (;;) {
        struct pollfd waits[3] = {
            {.fd = fileno(editor->input), .events = POLLIN},
            {.fd = editor->wake, .events = POLLIN},
            {.fd = editor->changes[0], .events = POLLIN},
        };
        if (poll(waits, 3, -1) < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        if (waits[1].revents != 0) {
            editor->interrupted = 1;
            return -1;
        }
        if (waits[2].revents != 0) catch_up(editor);
        if (waits[0].revents == 0) continue;
        char byte;
        ssize_t count = read(fileno(editor->input), &byte, 1);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return 0;
        size_t used = mbrtowc(character, &byte, 1, &state);
        if (used == (size_t)-2) continue;
        if (used != (size_t)-1) return 1;
        memset(&state, 0, sizeof state);
    }
}

static void use_utf8(void) {
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

static int catch_changes(freshet_editor *editor) {
    if (pipe(editor->changes) != 0) {
        editor->changes[0] = editor->changes[1] = -1;
        return -1;
    }
    for (int end = 0; end < 2; end++) fcntl(editor->changes[end], F_SETFL, O_NONBLOCK);
    changes_writer = editor->changes[1];
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_change;
    action.sa_flags = SA_RESTART;
    sigaction(SIGWINCH, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
    return 0;
}

static void ignore_changes(freshet_editor *editor) {
    if (editor->changes[0] < 0) return;
    signal(SIGWINCH, SIG_DFL);
    signal(SIGCONT, SIG_DFL);
    changes_writer = -1;
    close(editor->changes[0]);
    close(editor->changes[1]);
}

freshet_editor *freshet_edit_open(int input, int output, int wake) {
    use_utf8();
    freshet_editor *editor = calloc(1, sizeof *editor);
    if (editor == NULL) return NULL;
    editor->wake = wake;
    editor->prompt = "";
    editor->changes[0] = editor->changes[1] = -1;
    int in = dup(input), out = dup(output);
    editor->input = in < 0 ? NULL : fdopen(in, "r");
    editor->output = out < 0 ? NULL : fdopen(out, "w");
    if (editor->input == NULL && in >= 0) close(in);
    if (editor->output == NULL && out >= 0) close(out);
    editor->history = history_init();
    if (editor->input != NULL && editor->output != NULL && editor->history != NULL)
        editor->edit = el_init("freshet", editor->input, editor->output, editor->output);
    if (editor->edit == NULL || catch_changes(editor) != 0) {
        freshet_edit_close(editor);
        return NULL;
    }
    HistEvent event;
    history(editor->history, &event, H_SETSIZE, 1000);
    history(editor->history, &event, H_SETUNIQUE, 1);
    EditLine *edit = editor->edit;
    el_set(edit, EL_CLIENTDATA, editor);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, history, editor->history);
    el_set(edit, EL_PROMPT_ESC, current_prompt, '\1');
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_wset(edit, EL_GETCFN, read_character);
    el_source(edit, NULL);
    return editor;
}

void freshet_edit_close(freshet_editor *editor) {
    ignore_changes(editor);
    if (editor->edit != NULL) el_end(editor->edit);
    if (editor->history != NULL) history_end(editor->history);
    if (editor->input != NULL) fclose(editor->input);
    if (editor->output != NULL) fclose(editor->output);
    free(editor->line);
    free(editor);
}

int freshet_edit_read(freshet_editor *editor, const char *prompt, const char **line) {
    editor->prompt = prompt;
    editor->interrupted = 0;
    int count = 0;
    el_resize(editor->edit);
    /* libedit shows the prompt and only then takes over the keys: a Ctrl-D in between would be lost. */
    el_set(editor->edit, EL_PREP_TERM, 1);
    const char *text = el_gets(editor->edit, &count);
    editor->prompt = "";
    if (editor->interrupted) return FRESHET_EDIT_INTERRUPTED;
    if (text == NULL || count <= 0) return FRESHET_EDIT_END;
    free(editor->line);
    editor->line = strdup(text);
    if (editor->line == NULL) return FRESHET_EDIT_END;
    editor->line[strcspn(editor->line, "\r\n")] = '\0';
    *line = editor->line;
    return FRESHET_EDIT_LINE;
}

void freshet_edit_remember(freshet_editor *editor, const char *line) {
    HistEvent event;
    history(editor->history, &event, H_ENTER, line);
}

int freshet_edit_load_history(freshet_editor *editor, const char *path) {
    HistEvent event;
    return history(editor->history, &event, H_LOAD, path) < 0 ? -1 : 0;
}

int freshet_edit_save_history(freshet_editor *editor, const char *path) {
    HistEvent event;
    mode_t before = umask(077);
    int written = history(editor->history, &event, H_SAVE, path);
    umask(before);
    return written < 0 ? -1 : 0;
}
