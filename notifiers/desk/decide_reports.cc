// SPDX-License-Identifier: Apache-2.0
// Reports: messages about no alert, queued like all others.
#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

// A report older than this is yesterday's paper.
constexpr int64_t kReportDeadline = 24 * 3600 * kNanosPerSecond;

}  // namespace

bool QueueReport(Transaction& tx, const DeskReport& report, Nanos now) {
  const Receiver* receiver = tx.plan().receivers().Find(report.receiver);
  if (receiver == nullptr) return false;
  for (const Integration& integration : receiver->integrations) {
    OutboxRow row;
    row.kind = OutboxKind::kReport;
    row.receiver = report.receiver;
    row.integration = IntegrationName(integration);
    row.id = ReportKey(report.id, row.receiver, row.integration);
    if (tx.outbox.Find(row.id) != nullptr) continue;
    row.reason = "report";
    row.created_at = now;
    row.due = now;
    row.deadline = now + kReportDeadline;
    row.title = report.title;
    row.text = report.text;
    row.labels = report.labels;
    tx.outbox.Put(row.id, row);
    tx.RequireSync();
  }
  return true;
}

}  // namespace outrider
