// Freshet's way to libcurl: curl.h, and the calls in it that Swift cannot make.
//
// Why this is in C: curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt take variable arguments, which Swift has
// no way to pass. Each function here is one such call, or a few that belong together, with fixed types. Nothing is
// decided here, nothing is kept, and libcurl's own codes are handed on; all other functions are called as curl.h
// declares them.
//
// A CURL is used from one thread at a time, and a CURLM too, but for curl_multi_wakeup. Text ends in a zero byte.

#ifndef FRESHET_CURL_H
#define FRESHET_CURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

// Prepares libcurl. To be called once, before anything else. False when it cannot be used at all.
bool freshet_curl_start(void);

// ------------------------------------------------------------------------------------------------------- A transfer

// Sets an option that takes a long, such as CURLOPT_NOSIGNAL.
CURLcode freshet_curl_set_long(CURL * _Nonnull curl, CURLoption option, long value);

// Sets an option that takes a text, such as CURLOPT_URL, or unsets it with NULL. libcurl copies the text.
CURLcode freshet_curl_set_text(CURL * _Nonnull curl, CURLoption option, const char * _Nullable text);

// Makes the transfer a POST of `count` bytes, which libcurl copies. `bytes` may be NULL when `count` is 0.
CURLcode freshet_curl_set_body(CURL * _Nonnull curl, const void * _Nullable bytes, size_t count);

// Sees to it that programs which the process starts do not inherit the transfer's sockets: as long as one of them holds
// a copy, closing the connection says nothing to the server.
CURLcode freshet_curl_keep_sockets_private(CURL * _Nonnull curl);

// Sends these headers. The list stays the caller's and must outlive the transfer.
CURLcode freshet_curl_set_headers(CURL * _Nonnull curl, struct curl_slist * _Nullable headers);

// Has libcurl write what it knows of a failure into `buffer`, of CURL_ERROR_SIZE bytes, which stays the caller's and
// must outlive the transfer.
CURLcode freshet_curl_set_error_buffer(CURL * _Nonnull curl, char * _Nonnull buffer);

// `one` is always 1. Returns the bytes taken: all of them, or another number to end the transfer.
typedef size_t (*freshet_curl_take)(char * _Nullable bytes, size_t one, size_t count, void * _Nullable context);

// Called when the connection stands, TLS included, and the request goes out. The addresses do not matter here.
typedef int (*freshet_curl_connected)(void * _Nullable context, char * _Nullable remote, char * _Nullable local,
                                      int remote_port, int local_port);

// Sets what is called, inside curl_multi_perform and curl_easy_pause, for each line of the answer's head, for its body,
// and for the connection. `take_body` may also return CURL_WRITEFUNC_PAUSE: it gets the same bytes again later.
// `connected` returns CURL_PREREQFUNC_OK.
CURLcode freshet_curl_set_callbacks(CURL * _Nonnull curl, void * _Nonnull context,
                                    freshet_curl_take _Nonnull take_head_line, freshet_curl_take _Nonnull take_body,
                                    freshet_curl_connected _Nonnull connected);

// A number that libcurl knows of the transfer, such as CURLINFO_OS_ERRNO; 0 where it knows none.
long freshet_curl_get_long(CURL * _Nonnull curl, CURLINFO info);

// -------------------------------------------------------------------------------------------------- Many transfers

// Sets an option of the whole that takes a long, such as CURLMOPT_MAXCONNECTS.
CURLMcode freshet_curl_multi_set_long(CURLM * _Nonnull multi, CURLMoption option, long value);

// The next transfer that has ended, with its result; NULL when there is none. It must still be removed.
CURL * _Nullable freshet_curl_multi_next_ended(CURLM * _Nonnull multi, CURLcode * _Nonnull result);

#endif
