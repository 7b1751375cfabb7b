/*
 * cvj_plugin.h - the C ABI between cvj and its plugins, version 1.0.
 *
 * The same as cvj-core/src/abi.rs, and enough to write a plugin in C; tests/c_plugin/minimal.c is one. A test compares the
 * layouts of both files.
 *
 * A plugin is a shared library named {lib}cvj_plugin_<name>{.so,.dylib,.dll} (`-` in a name becomes `_`) that exports exactly
 * one symbol, the constant `cvj_plugin_v1`. Loading it is running it: there is no sandbox.
 *
 * RULES
 *  Growth     A struct grows only at its end and begins with struct_size, its sizeof where it was allocated. A field exists
 *             only if struct_size covers it. No field ever moves or changes its meaning: new behaviour is a new interface id.
 *  Ownership  Whoever allocates frees: every owned struct has a `release`, which takes the struct's own address, frees what
 *             private_data stands for, and sets `release` to NULL. `release` is called at most once, cannot fail, and must not
 *             take long. Arguments are borrowed: their pointers are valid until the call returns, unless said otherwise.
 *             An `out` argument is allocated zeroed by the caller and filled in by the callee, only on success.
 *  Text       UTF-8 with a length, never NUL-terminated, no secret in it. (Arrow's own strings are the exception: they are
 *             NUL-terminated.)
 *  Data       crosses as Arrow C structs. Types allowed: boolean `b`, int64 `l`, float64 `g`, decimal128 `d:p,s`, utf8 `u`,
 *             date32 `tdD`, timestamp in microseconds without zone `tsu:` (the client's wall clock) or in UTC `tsu:UTC`.
 *             No dictionaries, no nesting. Buffers aligned to 8 bytes.
 *  Errors     A function returns 0, or a CVJ_* status with its CvjError filled in. There is no "last error" of a thread.
 *  Panics     No panic, exception or longjmp leaves a function. A plugin never calls exit, and never prints.
 *  Threads    Every function says who may call it:
 *               [any, concurrent]   from any thread, also while it runs in another one
 *               [any, serial]       from any thread, one call at a time per object
 *  Blocking   Every call blocks until it is done. The host gives up on one that shows no sign of life (a callback, a batch)
 *             for longer than its patience, and leaves its thread behind.
 *  Unloading  never happens.
 */
#ifndef CVJ_PLUGIN_H
#define CVJ_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------------
 * Arrow, as its specification gives it: https://arrow.apache.org/docs/format/CDataInterface.html
 * ---------------------------------------------------------------------------------------------------------------------- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  /* Array type description */
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;

  /* Release callback */
  void (*release)(struct ArrowSchema*);
  /* Opaque producer-specific data */
  void* private_data;
};

struct ArrowArray {
  /* Array data description */
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;

  /* Release callback */
  void (*release)(struct ArrowArray*);
  /* Opaque producer-specific data */
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  /* Callbacks providing stream functionality */
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);

  /* Release callback */
  void (*release)(struct ArrowArrayStream*);
  /* Opaque producer-specific data */
  void* private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* ------------------------------------------------------------------------------------------------------------------------
 * Constants
 * ---------------------------------------------------------------------------------------------------------------------- */

/* "CVJPLUG1" in ASCII, most significant byte first. */
#define CVJ_MAGIC UINT64_C(0x43564A504C554731)
#define CVJ_ABI_MAJOR 1
#define CVJ_ABI_MINOR 0

/* CvjEntry.flags: no fault in the plugin ends the process by itself. A Rust plugin sets it when panics unwind; a C plugin,
 * which knows no panics, always sets it. Without it the host refuses the plugin. */
#define CVJ_FLAG_UNWINDS 1u
/* CvjEntry.flags: the data comes over a network. Planning and reading cost calls, and the host keeps what it pulled. */
#define CVJ_FLAG_REMOTE 2u

/* CvjError.flags: the same call may work if tried again. */
#define CVJ_ERROR_RETRYABLE 1u

/* The interface that every plugin offers: a CvjSourceInterface. */
#define CVJ_INTERFACE_SOURCE_1 "cvj.source/1"

/* Status: what a function returns. An unknown number means CVJ_INTERNAL. */
enum {
  CVJ_OK = 0,
  CVJ_INTERNAL = 1,         /* a fault in the plugin itself                                                  */
  CVJ_INVALID_ARGUMENT = 2, /* the configuration or an argument is wrong                                     */
  CVJ_NOT_FOUND = 3,        /* a file, table, column or remote object does not exist                         */
  CVJ_INVALID_DATA = 4,     /* data is there but cannot be read as asked                                     */
  CVJ_IO = 5,               /* reading or writing failed below the plugin                                    */
  CVJ_CANCELLED = 6,        /* the host cancelled the call                                                   */
  CVJ_TIMEOUT = 7,          /* the call took too long                                                        */
  CVJ_UNAUTHENTICATED = 8,  /* credentials are missing or wrong                                              */
  CVJ_UNAUTHORIZED = 9,     /* credentials are right but may not do this                                     */
  CVJ_RATE_LIMITED = 10,    /* the other side asks to slow down                                              */
  CVJ_SCHEMA_CHANGED = 11,  /* the data contradicts the schema planned with: the host drops what it got from
                               this source and plans once more                                               */
  CVJ_NOT_IMPLEMENTED = 12  /* the plugin does not do this                                                   */
};

/* What a column is needed as: CvjColumn.kind. */
enum {
  CVJ_KIND_ANY = 0,    /* as the source finds it          */
  CVJ_KIND_TEXT = 1,   /* utf8, as written                */
  CVJ_KIND_NUMBER = 2, /* int64, decimal128 or float64    */
  CVJ_KIND_TIME = 3,   /* date32 or timestamp             */
  CVJ_KIND_BOOLEAN = 4 /* boolean                         */
};

/* How a source answers one filter: CvjScanPlan.filters. */
enum {
  CVJ_FILTER_UNSUPPORTED = 0, /* not at all: the host applies it                                   */
  CVJ_FILTER_INEXACT = 1,     /* some rows that fail are left out: the host applies it again       */
  CVJ_FILTER_EXACT = 2        /* exactly the rows that pass are delivered                          */
};

/* CvjTask.log. */
enum { CVJ_LOG_ERROR = 1, CVJ_LOG_WARN = 2, CVJ_LOG_INFO = 3, CVJ_LOG_DEBUG = 4, CVJ_LOG_TRACE = 5 };

/* ------------------------------------------------------------------------------------------------------------------------
 * Text, buffers, errors
 * ---------------------------------------------------------------------------------------------------------------------- */

/* Borrowed text, valid for the call only; in static data: for ever. `ptr` may be NULL when `len` is 0. */
typedef struct CvjStr {
  const uint8_t* ptr;
  size_t len;
} CvjStr;

/* Bytes owned by the side that made them. */
typedef struct CvjBuf {
  const uint8_t* ptr;
  size_t len;
  void (*release)(struct CvjBuf*); /* [any, serial] NULL when there is nothing to free */
  void* private_data;              /* the owner's                                      */
} CvjBuf;

/* Why a call failed. The caller passes it zeroed but for struct_size and retry_after_ms; the callee fills it in only on
 * failure, and only if struct_size covers it; the caller releases it. May be NULL: then nobody wants to know. */
typedef struct CvjError {
  uint32_t struct_size;   /* sizeof(CvjError) of the side that allocated it                            */
  int32_t status;         /* as the function returns it                                                */
  uint32_t flags;         /* CVJ_ERROR_RETRYABLE                                                       */
  uint32_t reserved;      /* 0                                                                         */
  int64_t retry_after_ms; /* how long to wait before trying again; negative: not said                  */
  CvjStr message;         /* one sentence: what, where; owned by private_data or static                */
  CvjStr hint;            /* what to do about it; may be empty                                         */
  void (*release)(struct CvjError*); /* [any, serial] NULL when there is nothing to free               */
  void* private_data;                /* the owner's                                                    */
} CvjError;

/* ------------------------------------------------------------------------------------------------------------------------
 * What the host does for a plugin
 * ---------------------------------------------------------------------------------------------------------------------- */

/* A cell or row that cannot be read. */
typedef struct CvjRejected {
  uint32_t struct_size; /* sizeof(CvjRejected) of the plugin                                                     */
  uint32_t reserved;    /* 0                                                                                     */
  int64_t row;          /* place in this partition's stream, from 0 over all batches: the row is delivered with
                           null in the column; negative: the row is not delivered                                */
  uint64_t line;        /* line or row in the file, from 1                                                       */
  CvjStr file;          /* file name without folders                                                             */
  CvjStr column;        /* the column; empty for the whole row                                                   */
  CvjStr why;           /* the reason, without the value: "not a date"                                           */
  CvjStr value;         /* the text that could not be read                                                       */
} CvjRejected;

/* The host's services for one call, which is as long as a task is valid; for `read`: until the stream is released. Pass
 * `context` back as the first argument. All functions: [any, concurrent], from any thread of the plugin's. Once the host has
 * given the task up they do nothing, is_cancelled gives 1, and secret fails with CVJ_CANCELLED. */
typedef struct CvjTask {
  uint32_t struct_size; /* sizeof(CvjTask) of the host                                                      */
  uint32_t reserved;    /* 0                                                                                */
  void* context;
  CvjStr source;        /* the source's name in the configuration; valid as long as the task                */
  CvjStr folder;        /* the client's folder: relative paths start here; valid as long as the task        */
  /* Writes one line to the host's log. */
  void (*log)(void* context, uint32_t level, CvjStr message);
  /* Says how far the work is: done, total (negative: unknown), unit ("rows"). */
  void (*progress)(void* context, uint64_t done, int64_t total, CvjStr unit);
  /* Non-zero when the work should stop: ask between pages or batches, and stop within two seconds. */
  int (*is_cancelled)(void* context);
  /* The value of a secret that the configuration names. 0 with `out` filled in, which the plugin releases at once after
   * use, or a status with `error` filled in. */
  int32_t (*secret)(void* context, CvjStr name, CvjBuf* out, CvjError* error);
  /* A cell or row that cannot be read: before the batch that holds the row is returned. */
  void (*reject)(void* context, const CvjRejected* rejected);
  /* Lines that are no rows of data (totals, footers, comments, duplicates): why, how many. */
  void (*left_out)(void* context, CvjStr why, uint64_t rows);
} CvjTask;

/* ------------------------------------------------------------------------------------------------------------------------
 * A source and its scans
 * ---------------------------------------------------------------------------------------------------------------------- */

/* An opened source. The caller allocates it zeroed but for struct_size; `open` fills in release, which may not be NULL, and
 * private_data. It does not move until it is released, and is not released before its streams are. */
typedef struct CvjSource {
  uint32_t struct_size; /* sizeof(CvjSource) of the host */
  uint32_t reserved;    /* 0                             */
  void (*release)(struct CvjSource*); /* [any, serial]   */
  void* private_data;
} CvjSource;

/* One column of a scan. */
typedef struct CvjColumn {
  uint32_t index; /* into the table's schema                                                                         */
  uint32_t kind;  /* CVJ_KIND_*; where the values do not read as that, `plan` fails with CVJ_INVALID_DATA            */
} CvjColumn;

/* A request to scan one table. */
typedef struct CvjScanRequest {
  uint32_t struct_size; /* sizeof(CvjScanRequest) of the host                                                     */
  uint32_t reserved;    /* 0                                                                                      */
  CvjStr table;         /* the table's name                                                                       */
  const CvjColumn* columns; /* the columns wanted, in the order wanted                                            */
  int64_t n_columns;    /* -1: all, as found; 0: row counts only (batches without columns but with a length)      */
  CvjStr filters_json;  /* a JSON array of {"column", "op", "value"}, all of which must hold. op: eq ne lt le gt ge
                           is_null not_null; value: "null", or one of {"boolean": true} {"integer": 1} {"number": 1.5}
                           {"text": "a"} {"date": days since 1970} {"instant": microseconds since 1970 UTC}
                           {"local": the same by the client's clock}                                              */
  int64_t limit;        /* stop after this many rows over all partitions, more is allowed; -1: none               */
  uint32_t target_partitions; /* a hint                                                                           */
  uint32_t batch_rows;        /* a hint                                                                           */
} CvjScanRequest;

/* How a scan is split. The caller allocates it zeroed but for struct_size and rows (-1). */
typedef struct CvjScanPlan {
  uint32_t struct_size;     /* sizeof(CvjScanPlan) of the host                                                    */
  uint32_t reserved;        /* 0                                                                                  */
  uint64_t n_partitions;    /* at most 4096; 0 only if there are no rows                                          */
  const CvjStr* partitions; /* tokens, all different, without secrets, self-contained: another process that opens
                               the source with the same configuration could read them. The partitions are disjoint
                               and together complete, in the table's row order                                    */
  uint64_t n_filters;       /* exactly the number of filters in the request                                       */
  const uint8_t* filters;   /* CVJ_FILTER_* for each                                                              */
  int64_t rows;             /* rows expected over all partitions; -1: unknown                                     */
  struct ArrowSchema schema; /* of every stream: a struct `+s` of the columns asked for; has its own release      */
  void (*release)(struct CvjScanPlan*); /* [any, serial] frees all but the schema; NULL when all is static        */
  void* private_data;
} CvjScanPlan;

/* The interface "cvj.source/1". Source functions: [any, concurrent]. Every one but stream_error returns 0 or a status. */
typedef struct CvjSourceInterface {
  uint32_t struct_size; /* sizeof(CvjSourceInterface) when the plugin was built */
  uint32_t reserved;    /* 0                                                    */

  /* The JSON Schema (2020-12) of the configuration, always the same, without files or network. Secrets are objects
   * {"secret": "NAME"} marked "x-cvj-secret": true. */
  int32_t (*config_schema)(CvjBuf* out, CvjError* error);

  /* Opens a source with a configuration that the host validated against the schema. No bulk reads. */
  int32_t (*open)(CvjStr config_json, const CvjTask* task, CvjSource* out, CvjError* error);

  /* One cheap call that tells whether the source can be reached: files exist, credentials work. */
  int32_t (*check)(CvjSource* source, const CvjTask* task, CvjError* error);

  /* A JSON array of the tables that there are now: {"name", "doc", "key": [columns], "rows_expected": control total or null,
   * "files": [names], "headers": [as written], "preamble": [lines],
   * "format": [lines]}. All but the name may be left out. */
  int32_t (*tables)(CvjSource* source, const CvjTask* task, CvjBuf* out_json, CvjError* error);

  /* The schema of one table, a struct `+s` of its columns. Every column has a name of its own. */
  int32_t (*table_schema)(CvjSource* source, CvjStr table, const CvjTask* task, struct ArrowSchema* out, CvjError* error);

  /* A JSON array of the definitions that the tables give by default: {"metric": {...}}, {"touchpoint": {...}} or
   * {"view": {...}}, with the keys of cvj.toml. The function may be NULL: none. */
  int32_t (*definitions)(CvjSource* source, const CvjTask* task, CvjBuf* out_json, CvjError* error);

  /* Splits a scan into partitions. */
  int32_t (*plan)(CvjSource* source, const CvjScanRequest* request, const CvjTask* task, CvjScanPlan* out, CvjError* error);

  /* Opens one partition of a plan. Unlike elsewhere the task stays valid until the stream is released; the token does not.
   *
   * The stream's callbacks: [any, serial]. get_schema gives the plan's schema. get_next gives struct arrays of that schema
   * without nulls of their own, at most 2^31 - 1 rows each, and a released array at the end. A failure is an errno: EIO 5,
   * EACCES 13, EINVAL 22, ETIMEDOUT 110, ECANCELED 125 (these numbers on every system). After a failure every further call
   * fails; data that did not arrive whole never ends like the end. */
  int32_t (*read)(CvjSource* source, CvjStr partition, const CvjTask* task, struct ArrowArrayStream* out, CvjError* error);

  /* The error behind the errno of a stream's last call, borrowed until its next one; NULL if there is none. [any, serial] with
   * the stream's callbacks. Called only with streams that this plugin's `read` made. The function may be NULL: then
   * get_last_error gives the message. */
  const CvjError* (*stream_error)(struct ArrowArrayStream* stream);
} CvjSourceInterface;

/* ------------------------------------------------------------------------------------------------------------------------
 * The entry
 * ---------------------------------------------------------------------------------------------------------------------- */

/* The host reads the fields in their order, and calls nothing before all of them are right. */
typedef struct CvjEntry {
  uint64_t magic;       /* CVJ_MAGIC                                                                            */
  uint16_t abi_major;   /* CVJ_ABI_MAJOR                                                                        */
  uint16_t abi_minor;   /* CVJ_ABI_MINOR: the highest minor version whose fields are filled in                  */
  uint32_t struct_size; /* sizeof(CvjEntry) when the plugin was built                                           */
  uint32_t flags;       /* CVJ_FLAG_UNWINDS, CVJ_FLAG_REMOTE                                                    */
  uint32_t reserved;    /* 0                                                                                    */
  CvjStr describe;      /* static JSON: {"name", "version", "doc", "sdk"}; the name is the one in the file name */
  /* The table of an interface id, static, or NULL for an unknown one. [any, concurrent] */
  const void* (*get_interface)(CvjStr id);
} CvjEntry;

#if defined(_WIN32)
#define CVJ_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define CVJ_EXPORT __attribute__((visibility("default")))
#else
#define CVJ_EXPORT
#endif

/* Defined by the plugin, exported, and nothing else is. */
extern CVJ_EXPORT const CvjEntry cvj_plugin_v1;

#ifdef __cplusplus
}
#endif

#endif /* CVJ_PLUGIN_H */
