// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/commit_rows.h"

namespace outrider {

StatusOr<ApplyResult> CommitRows(const LogRecord& record, const WriteRows& rows,
                                 const WriteTargets& targets, IngestLog* log,
                                 ApplyScratch* scratch) {
  TRY(PrepareRows(rows, *targets.windows, Origin::kRemote, scratch));
  const ApplyOptions options{.origin = Origin::kRemote, .now = record.time, .explain = true};
  ApplyResult result;
  bool applied = false;
  if (rows.holds_data()) {
    applied = TRY(log->Write(record, [&] { result = ApplyRows(rows, options, targets, scratch); }));
  }
  if (!applied) result = JudgeRows(rows, options, scratch);
  return result;
}

}  // namespace outrider
