/*
 * A source that breaks the contract in one way, chosen by -DFAULT=...: the faults that cvj-core makes impossible in Rust. All
 * but the fault is minimal.c's.
 */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#define cvj_plugin_v1 well_behaved_entry
#define PLUGIN_NAME "broken"
#include "minimal.c"
#undef cvj_plugin_v1

#ifndef SYMBOL
#define SYMBOL cvj_plugin_v1
#endif

enum Fault {
  NONE,
  /* the entry */
  WRONG_MAGIC, NEWER_ABI, OLDER_ABI, SMALL_ENTRY, ABORTS, NO_DESCRIPTION, NO_GET_INTERFACE, NO_INTERFACE,
  SMALL_INTERFACE, NULL_OPEN, NULL_READ,
  /* calls */
  NO_SOURCE, FAILS_WITHOUT_MESSAGE, FAILS_WITH_NULL_TEXT, FAILS_WITH_ESCAPES, TABLES_NO_JSON, TABLES_NO_UTF8, TABLES_TWICE,
  TABLES_NAMELESS, SCHEMA_EMPTY, SCHEMA_NO_STRUCT, SCHEMA_FLOAT32, SCHEMA_DICTIONARY, SCHEMA_NAME_NO_UTF8, SCHEMA_NULL_CHILD,
  SCHEMA_TWICE, PLAN_TOO_MANY, PLAN_NULL_TOKENS, PLAN_SAME_TOKENS, PLAN_NO_PARTITION, PLAN_ANSWER_7, PLAN_EXTRA_ANSWER,
  PLAN_OTHER_COLUMNS, HANGS_IN_CHECK, CALLBACK_NONSENSE,
  /* streams */
  NO_STREAM, STREAM_OTHER_SCHEMA, STREAM_FAILS_SILENTLY, STREAM_FAILS_WITH_TEXT, STREAM_ENDS_IN_FAILURE, HANGS_IN_NEXT,
  NO_UTF8, OFFSETS_FALL, OFFSETS_NEGATIVE, OFFSETS_MISALIGNED, SHORT_COLUMN, NEGATIVE_LENGTH, HUGE_LENGTH, MISSING_VALUES,
  FEW_BUFFERS, FEW_COLUMNS, NULL_COLUMN, NULL_ROWS, NULL_COUNT_LIES, NULLS_WITHOUT_BUFFER, MISALIGNED_VALUES
};

#ifndef FAULT
#define FAULT NONE
#endif

static enum Fault fault(void) { return FAULT; }

static void wait_a_minute(void) { sleep(60); }

/* --- calls ------------------------------------------------------------------------------------------------------------ */

static int32_t broken_open(CvjStr config_json, const CvjTask* task, CvjSource* out, CvjError* error) {
  int32_t code = open_source(config_json, task, out, error);
  if (fault() == NO_SOURCE) out->release = NULL;
  return code;
}

static int32_t broken_check(CvjSource* source, const CvjTask* task, CvjError* error) {
  CvjStr nonsense = {NULL, 100};
  CvjRejected small;
  switch (fault()) {
    case FAILS_WITHOUT_MESSAGE: return CVJ_IO;
    case FAILS_WITH_NULL_TEXT:
      error->status = CVJ_IO;
      error->message = nonsense;
      return CVJ_IO;
    case FAILS_WITH_ESCAPES: return fail(error, CVJ_IO, "before\033[2Jafter");
    case HANGS_IN_CHECK: wait_a_minute(); return CVJ_OK;
    case CALLBACK_NONSENSE:
      memset(&small, 0, sizeof(small));
      small.struct_size = 8;
      task->log(task->context, 99, nonsense);
      task->log(NULL, 1, nonsense);
      task->progress(task->context, 0, -5, nonsense);
      task->reject(task->context, NULL);
      task->reject(task->context, &small);
      task->left_out(task->context, nonsense, 1);
      if (task->secret(task->context, nonsense, NULL, NULL) == CVJ_OK) return fail(error, CVJ_INTERNAL, "a secret for nothing");
      return CVJ_OK;
    default: return check(source, task, error);
  }
}

static int32_t broken_tables(CvjSource* source, const CvjTask* task, CvjBuf* out_json, CvjError* error) {
  switch (fault()) {
    case TABLES_NO_JSON: give(out_json, "[{"); return CVJ_OK;
    case TABLES_NO_UTF8: give(out_json, "[{\"name\":\"\xff\"}]"); return CVJ_OK;
    case TABLES_TWICE: give(out_json, "[{\"name\":\"people\"},{\"name\":\"people\"}]"); return CVJ_OK;
    case TABLES_NAMELESS: give(out_json, "[{\"name\":\"\"}]"); return CVJ_OK;
    default: return tables(source, task, out_json, error);
  }
}

static int32_t broken_table_schema(CvjSource* source, CvjStr table, const CvjTask* task, struct ArrowSchema* out,
                                   CvjError* error) {
  static struct ArrowSchema dictionary;
  int32_t code;
  if (fault() == SCHEMA_EMPTY) return CVJ_OK;
  code = table_schema(source, table, task, out, error);
  if (code != CVJ_OK) return code;
  switch (fault()) {
    case SCHEMA_NO_STRUCT: out->format = "l"; break;
    case SCHEMA_FLOAT32: out->children[1]->format = "f"; break;
    case SCHEMA_DICTIONARY: out->children[1]->dictionary = &dictionary; break;
    case SCHEMA_NAME_NO_UTF8: out->children[1]->name = "\xff"; break;
    case SCHEMA_NULL_CHILD: out->children[1] = NULL; out->release = release_child_schema; break;
    case SCHEMA_TWICE: out->children[1]->name = "email"; break;
    default: break;
  }
  return code;
}

static int32_t broken_plan(CvjSource* source, const CvjScanRequest* request, const CvjTask* task, CvjScanPlan* out,
                           CvjError* error) {
  static CvjStr twice[2] = {TEXT("0010"), TEXT("0010")};
  static uint8_t seven[1] = {7};
  int32_t code = plan(source, request, task, out, error);
  if (code != CVJ_OK) return code;
  switch (fault()) {
    case PLAN_TOO_MANY: out->n_partitions = 5000; break;
    case PLAN_NULL_TOKENS: out->partitions = NULL; break;
    case PLAN_SAME_TOKENS: out->partitions = twice; out->n_partitions = 2; break;
    case PLAN_NO_PARTITION: out->n_partitions = 0; break;
    case PLAN_ANSWER_7: out->filters = seven; out->release = NULL; break;
    case PLAN_EXTRA_ANSWER: out->n_filters++; break;
    case PLAN_OTHER_COLUMNS: out->schema.n_children--; break;
    default: break;
  }
  return code;
}

/* --- streams ---------------------------------------------------------------------------------------------------------- */

static void break_array(struct ArrowArray* array) {
  static const char bad_text[] = "ann@example.com\xff\xfe@example.comcat@example.com";
  static const int32_t falling[ROWS + 1] = {0, 30, 15, 45};
  static const int32_t negative[ROWS + 1] = {0, 15, 30, -1};
  static const uint8_t odd[64] = {0};
  static const uint8_t first_null[1] = {6};
  static const void* buffers[3];
  struct ArrowArray* email = array->n_children > 0 ? array->children[0] : NULL;
  struct ArrowArray* id = array->n_children > 1 ? array->children[1] : NULL;
  if (email == NULL || id == NULL) return;
  buffers[0] = NULL;
  buffers[1] = email_offsets;
  buffers[2] = email_text;
  switch (fault()) {
    case NO_UTF8: buffers[2] = bad_text; email->buffers = buffers; break;
    case OFFSETS_FALL: buffers[1] = falling; email->buffers = buffers; break;
    case OFFSETS_NEGATIVE: buffers[1] = negative; email->buffers = buffers; break;
    case OFFSETS_MISALIGNED: buffers[1] = odd + ((uintptr_t)odd % 2 == 0 ? 1 : 0); email->buffers = buffers; break;
    case SHORT_COLUMN: id->length = 2; break;
    case NEGATIVE_LENGTH: array->length = -3; break;
    case HUGE_LENGTH: array->length = INT64_MAX; break;
    case MISSING_VALUES: buffers[1] = NULL; id->buffers = buffers; break;
    case FEW_BUFFERS: email->n_buffers = 2; break;
    case FEW_COLUMNS: array->n_children = 1; break;
    case NULL_COLUMN: array->children[1] = NULL; array->release = release_child_array; break;
    case NULL_ROWS: array->buffers[0] = first_null; array->null_count = 1; break;
    case NULL_COUNT_LIES: buffers[0] = first_null; id->null_count = 2; buffers[1] = ids; id->buffers = buffers; break;
    case NULLS_WITHOUT_BUFFER: id->null_count = 1; break;
    case MISALIGNED_VALUES: buffers[1] = odd + ((uintptr_t)odd % 2 == 0 ? 1 : 0); id->buffers = buffers; break;
    default: break;
  }
}

static int broken_get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  int code = stream_get_schema(stream, out);
  if (code == 0 && fault() == STREAM_OTHER_SCHEMA && out->n_children > 0) out->children[0]->name = "surprise";
  return code;
}

static int broken_get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  int code;
  int first = !((Stream*)stream->private_data)->delivered;
  if (fault() == HANGS_IN_NEXT) wait_a_minute();
  if (fault() == STREAM_FAILS_SILENTLY || fault() == STREAM_FAILS_WITH_TEXT) return 5;
  if (fault() == STREAM_ENDS_IN_FAILURE && !first) return 5;
  code = stream_get_next(stream, out);
  if (code == 0 && out->release != NULL) break_array(out);
  return code;
}

static const char* broken_get_last_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return fault() == STREAM_FAILS_WITH_TEXT ? "the disk is gone" : NULL;
}

static int32_t broken_read(CvjSource* source, CvjStr partition, const CvjTask* task, struct ArrowArrayStream* out,
                           CvjError* error) {
  int32_t code;
  if (fault() == NO_STREAM) return CVJ_OK;
  code = read_partition(source, partition, task, out, error);
  if (code != CVJ_OK) return code;
  out->get_schema = broken_get_schema;
  out->get_next = broken_get_next;
  out->get_last_error = broken_get_last_error;
  return code;
}

/* --- the entry -------------------------------------------------------------------------------------------------------- */

static const CvjSourceInterface broken_interface = {
    FAULT == SMALL_INTERFACE ? 16 : sizeof(CvjSourceInterface),
    0,
    config_schema,
    FAULT == NULL_OPEN ? NULL : broken_open,
    broken_check,
    broken_tables,
    broken_table_schema,
    NULL,
    broken_plan,
    FAULT == NULL_READ ? NULL : broken_read,
    NULL,
};

static const void* broken_get_interface(CvjStr id) {
  if (FAULT == NO_INTERFACE || !is_text(id, CVJ_INTERFACE_SOURCE_1)) return NULL;
  return &broken_interface;
}

#if defined(DESCRIBE)
#define ABOUT DESCRIBE
#else
#define ABOUT "{\"name\":\"" PLUGIN_NAME "\",\"version\":\"0.0.1\"}"
#endif

#ifdef __cplusplus
extern "C"
#else
extern
#endif
CVJ_EXPORT const CvjEntry SYMBOL;

CVJ_EXPORT const CvjEntry SYMBOL = {
    FAULT == WRONG_MAGIC ? 42 : CVJ_MAGIC,
    FAULT == NEWER_ABI ? 2 : FAULT == OLDER_ABI ? 0 : CVJ_ABI_MAJOR,
    CVJ_ABI_MINOR,
    FAULT == SMALL_ENTRY ? 24 : sizeof(CvjEntry),
    FAULT == ABORTS ? 0 : CVJ_FLAG_UNWINDS,
    0,
    TEXT(ABOUT),
    FAULT == NO_GET_INTERFACE ? NULL : broken_get_interface,
};
