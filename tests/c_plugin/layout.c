/* Prints the size of every struct in cvj_plugin.h and the place of every field, for a test to compare with Rust's. */
#include <stdio.h>

#include "cvj_plugin.h"

#define SIZE(type) printf(#type " %zu\n", sizeof(type));
#define FIELD(type, field) printf(#type "." #field " %zu\n", offsetof(type, field));

int main(void) {
  SIZE(CvjStr) FIELD(CvjStr, ptr) FIELD(CvjStr, len)
  SIZE(CvjBuf) FIELD(CvjBuf, ptr) FIELD(CvjBuf, len) FIELD(CvjBuf, release) FIELD(CvjBuf, private_data)
  SIZE(CvjError) FIELD(CvjError, struct_size) FIELD(CvjError, status) FIELD(CvjError, flags) FIELD(CvjError, reserved)
  FIELD(CvjError, retry_after_ms) FIELD(CvjError, message) FIELD(CvjError, hint) FIELD(CvjError, release)
  FIELD(CvjError, private_data)
  SIZE(CvjEntry) FIELD(CvjEntry, magic) FIELD(CvjEntry, abi_major) FIELD(CvjEntry, abi_minor) FIELD(CvjEntry, struct_size)
  FIELD(CvjEntry, flags) FIELD(CvjEntry, reserved) FIELD(CvjEntry, describe) FIELD(CvjEntry, get_interface)
  SIZE(CvjTask) FIELD(CvjTask, struct_size) FIELD(CvjTask, reserved) FIELD(CvjTask, context) FIELD(CvjTask, source)
  FIELD(CvjTask, folder) FIELD(CvjTask, log) FIELD(CvjTask, progress) FIELD(CvjTask, is_cancelled) FIELD(CvjTask, secret)
  FIELD(CvjTask, reject) FIELD(CvjTask, left_out)
  SIZE(CvjRejected) FIELD(CvjRejected, struct_size) FIELD(CvjRejected, reserved) FIELD(CvjRejected, row)
  FIELD(CvjRejected, line) FIELD(CvjRejected, file) FIELD(CvjRejected, column) FIELD(CvjRejected, why)
  FIELD(CvjRejected, value)
  SIZE(CvjSource) FIELD(CvjSource, struct_size) FIELD(CvjSource, reserved) FIELD(CvjSource, release)
  FIELD(CvjSource, private_data)
  SIZE(CvjColumn) FIELD(CvjColumn, index) FIELD(CvjColumn, kind)
  SIZE(CvjScanRequest) FIELD(CvjScanRequest, struct_size) FIELD(CvjScanRequest, reserved) FIELD(CvjScanRequest, table)
  FIELD(CvjScanRequest, columns) FIELD(CvjScanRequest, n_columns) FIELD(CvjScanRequest, filters_json)
  FIELD(CvjScanRequest, limit) FIELD(CvjScanRequest, target_partitions) FIELD(CvjScanRequest, batch_rows)
  SIZE(CvjScanPlan) FIELD(CvjScanPlan, struct_size) FIELD(CvjScanPlan, reserved) FIELD(CvjScanPlan, n_partitions)
  FIELD(CvjScanPlan, partitions) FIELD(CvjScanPlan, n_filters) FIELD(CvjScanPlan, filters) FIELD(CvjScanPlan, rows)
  FIELD(CvjScanPlan, schema) FIELD(CvjScanPlan, release) FIELD(CvjScanPlan, private_data)
  SIZE(CvjSourceInterface) FIELD(CvjSourceInterface, struct_size) FIELD(CvjSourceInterface, reserved)
  FIELD(CvjSourceInterface, config_schema) FIELD(CvjSourceInterface, open) FIELD(CvjSourceInterface, check)
  FIELD(CvjSourceInterface, tables) FIELD(CvjSourceInterface, table_schema) FIELD(CvjSourceInterface, definitions)
  FIELD(CvjSourceInterface, plan) FIELD(CvjSourceInterface, read) FIELD(CvjSourceInterface, stream_error)
  printf("constants %llx %d %d %u %u %u %s\n", (unsigned long long)CVJ_MAGIC, CVJ_ABI_MAJOR, CVJ_ABI_MINOR, CVJ_FLAG_UNWINDS, CVJ_FLAG_REMOTE,
         CVJ_ERROR_RETRYABLE, CVJ_INTERFACE_SOURCE_1);
  printf("statuses %d %d %d %d %d %d %d %d %d %d %d %d\n", CVJ_INTERNAL, CVJ_INVALID_ARGUMENT, CVJ_NOT_FOUND,
         CVJ_INVALID_DATA, CVJ_IO, CVJ_CANCELLED, CVJ_TIMEOUT, CVJ_UNAUTHENTICATED, CVJ_UNAUTHORIZED, CVJ_RATE_LIMITED,
         CVJ_SCHEMA_CHANGED, CVJ_NOT_IMPLEMENTED);
  return 0;
}
