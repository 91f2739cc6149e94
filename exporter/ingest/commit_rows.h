// SPDX-License-Identifier: Apache-2.0
// A decoded request past the guard, into the log and the windows: what the doors of all formats end
// in.
#pragma once

#include <string>

#include "exporter/ingest/apply.h"
#include "exporter/ingest/ingest_log.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

// `record` holds the request as it came; its time judges the samples, its sender is who is limited.
// InvalidArgument: the request is broken. Any other error: it could not be logged
// (ResourceExhausted: the disk is full), nothing was stored and nothing may be acked; but DataLoss:
// it is stored and not safe, the sender has to send it again. A request of which nothing is to be
// stored is not logged; the result's guard report tells why.
StatusOr<ApplyResult> CommitRows(const LogRecord& record, const WriteRows& rows,
                                 const WriteTargets& targets, IngestLog* log,
                                 ApplyScratch* scratch);
// What its sender is told of such an error.
std::string NotCommitted(const Status& status);

}  // namespace outrider
