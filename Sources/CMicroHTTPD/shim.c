#include "freshet_microhttpd.h"

#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

// ------------------------------------------------------------------------------------------------------- The daemon

struct MHD_Daemon *freshet_http_start(const freshet_http_options *options) {
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL,
        options->request_progressed, options->context,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)options->listener,
        MHD_OPTION_CONNECTION_LIMIT, options->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory,
        // Its timeout counts from the last byte, which a trickle defeats; ours are absolute.
        MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_NOTIFY_CONNECTION, options->connection_changed, options->context,
        MHD_OPTION_URI_LOG_CALLBACK, options->target_received, options->context,
        MHD_OPTION_NOTIFY_COMPLETED, options->request_completed, options->context,
        MHD_OPTION_END);
}

const uint64_t FRESHET_HTTP_SIZE_UNKNOWN = MHD_SIZE_UNKNOWN;
const ssize_t FRESHET_HTTP_END = MHD_CONTENT_READER_END_OF_STREAM;
const ssize_t FRESHET_HTTP_END_WITH_ERROR = MHD_CONTENT_READER_END_WITH_ERROR;

struct MHD_Response *freshet_http_response(
    uint64_t size, size_t block, MHD_ContentReaderCallback read, void *context) {
    return MHD_create_response_from_callback(size, block, read, context, NULL);
}

void freshet_http_forgo_chunks(struct MHD_Response *response) {
    MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
}

// --------------------------------------------------------------------------------------------------- One connection

int freshet_http_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

void *freshet_http_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

bool freshet_http_peer(struct MHD_Connection *connection, char *text, size_t capacity) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    text[0] = 0;
    if (!info || !info->client_addr) return false;
    const struct sockaddr *address = info->client_addr;
    socklen_t size = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (getnameinfo(address, size, text, (socklen_t)capacity, NULL, 0, NI_NUMERICHOST) == 0) return true;
    text[0] = 0;
    return false;
}

size_t freshet_http_header_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

// Where the walk is: `next` follows the last string that was seen.
struct walk {
    uintptr_t next;
    bool is_plain;
};

// Whether [from, to) is from `least` to `most` zero bytes, which is what a line's end becomes.
static bool is_line_end(uintptr_t from, uintptr_t to, size_t least, size_t most) {
    if (to < from || to - from < least || to - from > most) return false;
    for (; from < to; from++) {
        if (*(const char *)from) return false;
    }
    return true;
}

static enum MHD_Result walk_field(
    void *context, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value, size_t value_size) {
    (void)kind;
    struct walk *walk = context;
    walk->is_plain = false;
    if (!key || !value || !is_line_end(walk->next, (uintptr_t)key, 1, 2)) return MHD_NO;
    uintptr_t after_colon = (uintptr_t)key + key_size + 1;
    if ((uintptr_t)value < after_colon) return MHD_NO;
    for (; after_colon < (uintptr_t)value; after_colon++) {
        char space = *(const char *)after_colon;
        if (space != ' ' && space != '\t') return MHD_NO;
    }
    walk->next = (uintptr_t)value + value_size;
    walk->is_plain = true;
    return MHD_YES;
}

bool freshet_http_header_is_plain(
    struct MHD_Connection *connection, const char *method, const char *url, size_t target_length, const char *version) {
    if (url != method + strlen(method) + 1 || version != url + target_length + 1) return false;
    struct walk walk = {.next = (uintptr_t)version + strlen(version), .is_plain = true};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, walk_field, &walk);
    uintptr_t end = (uintptr_t)method + freshet_http_header_size(connection);
    return walk.is_plain && is_line_end(walk.next, end, 2, 4);
}

// ------------------------------------------------------------------------------------------------------------ epoll

int freshet_watch_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static bool watch(int set, int descriptor, uint64_t id, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u64 = id};
    return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool freshet_watch_hangup(int set, int descriptor, uint64_t id) {
    return watch(set, descriptor, id, EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLET);
}

bool freshet_watch_input(int set, int descriptor, uint64_t id) {
    return watch(set, descriptor, id, EPOLLIN | EPOLLRDHUP);
}

void freshet_watch_end(int set, int descriptor) {
    struct epoll_event ignored = {0};
    epoll_ctl(set, EPOLL_CTL_DEL, descriptor, &ignored);
}

int freshet_watch_wait(int set, uint64_t *ids, int capacity, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(set, events, capacity < 64 ? capacity : 64, milliseconds);
    for (int index = 0; index < count; index++) ids[index] = events[index].data.u64;
    return count < 0 ? 0 : count;
}

int freshet_wake_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void freshet_wake(int descriptor) { eventfd_write(descriptor, 1); }

void freshet_wake_clear(int descriptor) {
    eventfd_t count;
    eventfd_read(descriptor, &count);
}
