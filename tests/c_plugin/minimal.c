/*
 * A well-behaved source in C: one table, `people`, with three rows and the columns email (text), id (int64) and at (timestamp
 * without zone). All data is static; what is allocated is the little that Arrow's and cvj's structs need to be released.
 *
 *   cc -std=c99 -shared -fPIC -I cvj-core/include tests/c_plugin/minimal.c -o libcvj_plugin_minimal.so
 */
#include <stdlib.h>
#include <string.h>

#include "cvj_plugin.h"

#ifndef PLUGIN_NAME
#define PLUGIN_NAME "minimal"
#endif

#define ROWS 3
#define COLUMNS 3
#define TEXT(literal) {(const uint8_t*)(literal), sizeof(literal) - 1}

/* --- data ------------------------------------------------------------------------------------------------------------- */

static const int32_t email_offsets[ROWS + 1] = {0, 15, 30, 45};
static const char email_text[] = "ann@example.combob@example.comcat@example.com";
static const int64_t ids[ROWS] = {1, 2, 3};
static const int32_t id_offsets[ROWS + 1] = {0, 1, 2, 3};
static const char id_text[] = "123";
/* 2026-10-01T09:00:00 and the two days after. */
static const int64_t instants[ROWS] = {1790845200000000, 1790931600000000, 1791018000000000};
static const int32_t at_offsets[ROWS + 1] = {0, 19, 38, 57};
static const char at_text[] = "2026-10-01T09:00:002026-10-02T09:00:002026-10-03T09:00:00";

typedef struct Values {
  const char* format; /* NULL: the column does not read as this kind */
  int64_t n_buffers;
  const void* buffers[3];
} Values;

/* Each column as found (any kind but text) and as text. */
static const char* const names[COLUMNS] = {"email", "id", "at"};
static const uint32_t kinds[COLUMNS] = {CVJ_KIND_TEXT, CVJ_KIND_NUMBER, CVJ_KIND_TIME};
static Values found[COLUMNS] = {
    {"u", 3, {NULL, email_offsets, email_text}},
    {"l", 2, {NULL, ids, NULL}},
    {"tsu:", 2, {NULL, instants, NULL}},
};
static Values as_text[COLUMNS] = {
    {"u", 3, {NULL, email_offsets, email_text}},
    {"u", 3, {NULL, id_offsets, id_text}},
    {"u", 3, {NULL, at_offsets, at_text}},
};

/* The columns of a scan. */
typedef struct Projection {
  uint32_t n;
  CvjColumn columns[COLUMNS];
} Projection;

static Values* values_of(CvjColumn column) {
  return column.kind == CVJ_KIND_TEXT ? &as_text[column.index] : &found[column.index];
}

static Projection all_columns(void) {
  Projection all = {COLUMNS, {{0, CVJ_KIND_ANY}, {1, CVJ_KIND_ANY}, {2, CVJ_KIND_ANY}}};
  return all;
}

/* --- errors ----------------------------------------------------------------------------------------------------------- */

/* Static text: nothing to release. */
static int32_t fail(CvjError* error, int32_t status, const char* message) {
  if (error != NULL && error->struct_size >= sizeof(CvjError)) {
    error->status = status;
    error->message.ptr = (const uint8_t*)message;
    error->message.len = strlen(message);
  }
  return status;
}

static int is_text(CvjStr text, const char* other) {
  return text.len == strlen(other) && memcmp(text.ptr, other, text.len) == 0;
}

/* --- schemas ---------------------------------------------------------------------------------------------------------- */

typedef struct SchemaBlock {
  struct ArrowSchema children[COLUMNS];
  struct ArrowSchema* pointers[COLUMNS];
} SchemaBlock;

static void release_child_schema(struct ArrowSchema* schema) { schema->release = NULL; }

static void release_schema(struct ArrowSchema* schema) {
  int64_t index;
  for (index = 0; index < schema->n_children; index++) {
    if (schema->children[index]->release != NULL) schema->children[index]->release(schema->children[index]);
  }
  free(schema->private_data);
  schema->release = NULL;
}

static int32_t write_schema(const Projection* projection, struct ArrowSchema* out) {
  uint32_t index;
  SchemaBlock* block = (SchemaBlock*)calloc(1, sizeof(SchemaBlock));
  if (block == NULL) return CVJ_INTERNAL;
  for (index = 0; index < projection->n; index++) {
    CvjColumn column = projection->columns[index];
    block->children[index].format = values_of(column)->format;
    block->children[index].name = names[column.index];
    block->children[index].flags = ARROW_FLAG_NULLABLE;
    block->children[index].release = release_child_schema;
    block->pointers[index] = &block->children[index];
  }
  memset(out, 0, sizeof(*out));
  out->format = "+s";
  out->name = "";
  out->n_children = projection->n;
  out->children = block->pointers;
  out->private_data = block;
  out->release = release_schema;
  return CVJ_OK;
}

/* --- streams ---------------------------------------------------------------------------------------------------------- */

typedef struct ArrayBlock {
  struct ArrowArray children[COLUMNS];
  struct ArrowArray* pointers[COLUMNS];
  const void* buffers[1];
} ArrayBlock;

typedef struct Stream {
  Projection projection;
  int delivered;
} Stream;

static void release_child_array(struct ArrowArray* array) { array->release = NULL; }

static void release_array(struct ArrowArray* array) {
  int64_t index;
  for (index = 0; index < array->n_children; index++) {
    if (array->children[index]->release != NULL) array->children[index]->release(array->children[index]);
  }
  free(array->private_data);
  array->release = NULL;
}

static int stream_get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  return write_schema(&((Stream*)stream->private_data)->projection, out) == CVJ_OK ? 0 : 5;
}

static int stream_get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  Stream* this = (Stream*)stream->private_data;
  ArrayBlock* block;
  uint32_t index;
  memset(out, 0, sizeof(*out));
  if (this->delivered) return 0;
  block = (ArrayBlock*)calloc(1, sizeof(ArrayBlock));
  if (block == NULL) return 5;
  for (index = 0; index < this->projection.n; index++) {
    Values* values = values_of(this->projection.columns[index]);
    block->children[index].length = ROWS;
    block->children[index].n_buffers = values->n_buffers;
    block->children[index].buffers = values->buffers;
    block->children[index].release = release_child_array;
    block->pointers[index] = &block->children[index];
  }
  out->length = ROWS;
  out->n_buffers = 1;
  out->buffers = block->buffers;
  out->n_children = this->projection.n;
  out->children = block->pointers;
  out->private_data = block;
  out->release = release_array;
  this->delivered = 1;
  return 0;
}

static const char* stream_get_last_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return NULL;
}

static void release_stream(struct ArrowArrayStream* stream) {
  free(stream->private_data);
  stream->release = NULL;
}

/* --- the interface ---------------------------------------------------------------------------------------------------- */

static void give(CvjBuf* out, const char* text) {
  out->ptr = (const uint8_t*)text;
  out->len = strlen(text);
}

static int32_t config_schema(CvjBuf* out, CvjError* error) {
  (void)error;
  give(out, "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}");
  return CVJ_OK;
}

static void release_source(CvjSource* source) { source->release = NULL; }

static int32_t open_source(CvjStr config_json, const CvjTask* task, CvjSource* out, CvjError* error) {
  CvjStr line = TEXT("opened the minimal source");
  (void)config_json;
  (void)error;
  task->log(task->context, CVJ_LOG_DEBUG, line);
  out->release = release_source;
  return CVJ_OK;
}

static int32_t check(CvjSource* source, const CvjTask* task, CvjError* error) {
  (void)source;
  if (task->is_cancelled(task->context)) return fail(error, CVJ_CANCELLED, "cancelled");
  return CVJ_OK;
}

static int32_t tables(CvjSource* source, const CvjTask* task, CvjBuf* out_json, CvjError* error) {
  (void)source;
  (void)task;
  (void)error;
  give(out_json,
       "[{\"name\":\"people\",\"doc\":\"Three people\",\"key\":[\"id\"],\"rows_expected\":3,"
       "\"headers\":[\"Email\",\"Id\",\"At\"]}]");
  return CVJ_OK;
}

static int32_t table_schema(CvjSource* source, CvjStr table, const CvjTask* task, struct ArrowSchema* out, CvjError* error) {
  Projection all = all_columns();
  (void)source;
  (void)task;
  if (!is_text(table, "people")) return fail(error, CVJ_NOT_FOUND, "the only table is `people`");
  return write_schema(&all, out);
}

/* A plan with its one token, two digits a column: index, kind. */
typedef struct Plan {
  CvjStr token;
  uint8_t digits[2 * COLUMNS];
  uint8_t answers[1];
} Plan;

static void release_plan(CvjScanPlan* plan) {
  free((void*)plan->filters);
  free(plan->private_data);
  plan->release = NULL;
}

static int32_t count_filters(CvjStr json) {
  size_t index;
  int32_t count = 0;
  int in_text = 0;
  int depth = 0;
  for (index = 0; index < json.len; index++) {
    if (json.ptr[index] == '\\') index++;
    else if (json.ptr[index] == '"') in_text = !in_text;
    else if (!in_text && json.ptr[index] == '{' && depth++ == 0) count++;
    else if (!in_text && json.ptr[index] == '}') depth--;
  }
  return count;
}

static int32_t plan(CvjSource* source, const CvjScanRequest* request, const CvjTask* task, CvjScanPlan* out, CvjError* error) {
  Projection projection = all_columns();
  Plan* made;
  uint32_t index;
  (void)source;
  (void)task;
  if (!is_text(request->table, "people")) return fail(error, CVJ_NOT_FOUND, "the only table is `people`");
  if (request->n_columns > COLUMNS) return fail(error, CVJ_INVALID_ARGUMENT, "there are only three columns");
  if (request->n_columns >= 0) {
    projection.n = (uint32_t)request->n_columns;
    for (index = 0; index < projection.n; index++) {
      CvjColumn column = request->columns[index];
      if (column.index >= COLUMNS) return fail(error, CVJ_INVALID_ARGUMENT, "there is no such column");
      if (column.kind > CVJ_KIND_TEXT && column.kind != kinds[column.index]) {
        return fail(error, CVJ_INVALID_DATA, "the column does not read as the kind asked for");
      }
      projection.columns[index] = column;
    }
  }
  made = (Plan*)calloc(1, sizeof(Plan));
  if (made == NULL) return fail(error, CVJ_INTERNAL, "no memory");
  for (index = 0; index < projection.n; index++) {
    made->digits[2 * index] = (uint8_t)('0' + projection.columns[index].index);
    made->digits[2 * index + 1] = (uint8_t)('0' + projection.columns[index].kind);
  }
  made->token.ptr = made->digits;
  made->token.len = 2 * projection.n;
  out->n_partitions = 1;
  out->partitions = &made->token;
  out->n_filters = (uint64_t)count_filters(request->filters_json);
  out->filters = (const uint8_t*)calloc((size_t)out->n_filters + 1, 1); /* CVJ_FILTER_UNSUPPORTED */
  out->rows = ROWS;
  out->private_data = made;
  out->release = release_plan;
  return write_schema(&projection, &out->schema);
}

static int32_t read_partition(CvjSource* source, CvjStr partition, const CvjTask* task, struct ArrowArrayStream* out,
                              CvjError* error) {
  uint32_t index;
  Stream* stream;
  (void)source;
  (void)task;
  if (partition.len % 2 != 0 || partition.len > 2 * COLUMNS) return fail(error, CVJ_INVALID_ARGUMENT, "not a token of mine");
  stream = (Stream*)calloc(1, sizeof(Stream));
  if (stream == NULL) return fail(error, CVJ_INTERNAL, "no memory");
  stream->projection.n = (uint32_t)(partition.len / 2);
  for (index = 0; index < stream->projection.n; index++) {
    stream->projection.columns[index].index = (uint32_t)(partition.ptr[2 * index] - '0') % COLUMNS;
    stream->projection.columns[index].kind = (uint32_t)(partition.ptr[2 * index + 1] - '0');
  }
  out->get_schema = stream_get_schema;
  out->get_next = stream_get_next;
  out->get_last_error = stream_get_last_error;
  out->release = release_stream;
  out->private_data = stream;
  return CVJ_OK;
}

static const CvjSourceInterface source_interface = {
    sizeof(CvjSourceInterface), 0, config_schema, open_source, check, tables, table_schema, NULL, plan, read_partition, NULL,
};

static const void* get_interface(CvjStr id) { return is_text(id, CVJ_INTERFACE_SOURCE_1) ? &source_interface : NULL; }

const CvjEntry cvj_plugin_v1 = {
    CVJ_MAGIC,
    CVJ_ABI_MAJOR,
    CVJ_ABI_MINOR,
    sizeof(CvjEntry),
    CVJ_FLAG_UNWINDS,
    0,
    TEXT("{\"name\":\"" PLUGIN_NAME "\",\"version\":\"1.0.0\",\"doc\":\"Three people, from C\",\"sdk\":\"C\"}"),
    get_interface,
};
