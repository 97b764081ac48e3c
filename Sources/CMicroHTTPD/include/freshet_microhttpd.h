// What Freshet's HTTP server needs of libmicrohttpd and of Linux, and Swift cannot call.
//
// libmicrohttpd's own header is part of this one: its plain functions (MHD_queue_response, MHD_suspend_connection, …)
// are called from Swift as they are. Here are those with variable arguments, each with fixed ones; the one check that
// is pointer arithmetic over libmicrohttpd's buffer; and epoll, which Glibc's Swift module lacks.
//
// Nothing here keeps memory: what a function is given stays its caller's.

#ifndef FRESHET_MICROHTTPD_H
#define FRESHET_MICROHTTPD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// ------------------------------------------------------------------------------------------------------- The daemon

// Called when a request's first line has come, before anything else of it; `target` is its target as it was sent, ends
// in a zero byte and is valid during the call. What is returned becomes the request's context; here it is always NULL.
typedef void *_Nullable (*freshet_http_target_callback)(
    void *_Nullable context, const char *target, struct MHD_Connection *connection);

// How the daemon is started. All callbacks are called on its one thread, with `context` first.
typedef struct freshet_http_options {
    // A bound, listening socket that does not block. It stays the caller's, who closes it after MHD_stop_daemon.
    int listener;
    // The most connections at a time; others wait in the system's queue.
    unsigned connections;
    // The most of one address, 0 for any number; others are closed.
    unsigned connections_per_address;
    // Bytes that a connection has for a header, its fields, and what is on its way out.
    size_t connection_memory;
    void *context;
    MHD_NotifyConnectionCallback connection_changed;
    freshet_http_target_callback target_received;
    MHD_AccessHandlerCallback request_progressed;
    MHD_RequestCompletedCallback request_completed;
} freshet_http_options;

// Starts a daemon: one thread of its own that polls with epoll, suspend and resume allowed. In C because
// MHD_start_daemon has variable arguments.
// Returns NULL when the system gives no thread, memory or descriptor; nothing is left then.
struct MHD_Daemon *_Nullable freshet_http_start(const freshet_http_options *options);

// A response whose body `read` gives, of `size` bytes, or chunked (to HTTP/1.0: until the connection ends) when it is
// FRESHET_HTTP_SIZE_UNKNOWN. In C only to give names to libmicrohttpd's macros, which are casts. `context` must live
// until the request is completed. Returns NULL when there is no memory; otherwise to be given to MHD_destroy_response.
struct MHD_Response *_Nullable freshet_http_response(
    uint64_t size, size_t block, MHD_ContentReaderCallback read, void *context);

// Sends a response without chunks; its connection ends with it. libmicrohttpd 0.9.75 ends a chunked body to HEAD too,
// which the client would take for the next response's beginning. In C because MHD_set_response_options has variable
// arguments.
void freshet_http_forgo_chunks(struct MHD_Response *response);

// Those macros: an unknown size, and what a body's reader returns in place of a count.
extern const uint64_t FRESHET_HTTP_SIZE_UNKNOWN;
extern const ssize_t FRESHET_HTTP_END;
extern const ssize_t FRESHET_HTTP_END_WITH_ERROR;

// --------------------------------------------------------------------------------------------------- One connection
// In C because MHD_get_connection_info has variable arguments, and gives a pointer to a union.

// The connection's socket. It stays libmicrohttpd's, open from the notice that the connection began until the notice
// that it is closed has returned.
int freshet_http_descriptor(struct MHD_Connection *connection);

// What the callback stored when it was told that the connection began.
void *_Nullable freshet_http_socket_context(struct MHD_Connection *connection);

// Writes the client's address, as digits, with its zero byte. Returns false, and writes an empty text, when the system
// cannot say it or `capacity` is too small (46 bytes are enough, and a zone's name for a link-local one).
bool freshet_http_peer(struct MHD_Connection *connection, char *text, size_t capacity);

// The header's length in bytes, from its first line to the empty one. Valid in calls for a request, 0 before.
size_t freshet_http_header_size(struct MHD_Connection *connection);

// Whether the header's bytes are just what libmicrohttpd made of them. It parses in place, in strings that end at a
// zero byte: a zero byte in the header makes it overlook what follows on that line, or take the line for the header's
// end; and a folded line's continuation becomes part of the field's *name*. In each case a server in front of this one
// would see another request. This walks the strings, which lie in the connection's buffer in order, and answers false
// when there is anything between them but one separator and a line's end. To be called in the first call for a request,
// with what that call was given and the target's length as it was sent.
bool freshet_http_header_is_plain(
    struct MHD_Connection *connection, const char *method, const char *url, size_t target_length, const char *version);

// ------------------------------------------------------------------------------------------------------------ epoll

// A set of watched descriptors. Returns it, or -1 when the system gives none. To be closed with close().
int freshet_watch_create(void);

// Watches a socket for its peer's end: FIN, also of one direction only, and reset. `id` is reported once for each, as
// they come. Returns false when the system refuses.
bool freshet_watch_hangup(int set, int descriptor, uint64_t id);

// Watches a descriptor for bytes to read, or its end; reported as long as there is something. Returns false when the
// system refuses.
bool freshet_watch_input(int set, int descriptor, uint64_t id);

// Ends watching. To be called before the descriptor is closed.
void freshet_watch_end(int set, int descriptor);

// Waits for reports, at most `milliseconds` (negative: for ever). Returns how many ids were written, at most
// `capacity`; 0 when the time was over or a signal came.
int freshet_watch_wait(int set, uint64_t *ids, int capacity, int milliseconds);

// A counter that is readable while it is not zero, with which one thread wakes another that waits. Returns -1 when the
// system gives none. To be closed with close().
int freshet_wake_create(void);

// Adds one to it, and takes everything off it.
void freshet_wake(int descriptor);
void freshet_wake_clear(int descriptor);

#pragma clang assume_nonnull end

#endif
