// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/commit_rows.h"

#include <algorithm>

#include "exporter/ingest/ingest_guard.h"
#include "exporter/ingest/rows_by_number.h"

namespace outrider {
namespace {

// The requests whose rows are numbered: those of which a body always gives the same rows. OTLP is
// translated by settings.
bool IsNumbered(RecordType type) {
  return type == RecordType::kWriteV1 || type == RecordType::kWriteV2;
}

// Whether there is nothing but samples.
bool IsPlain(const WriteRows& rows) {
  if (!rows.starts().empty() || rows.samples().empty()) return false;
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (rows.special(row)) return false;
  }
  return true;
}

// A request on its way.
class Commit {
 public:
  Commit(const LogRecord& record, const WriteRows& rows, const WriteTargets& targets,
         IngestLog* log, ApplyScratch* scratch)
      : record_(record),
        all_(rows),
        targets_(targets),
        log_(*log),
        scratch_(*scratch),
        sender_(targets.guard == nullptr ? kNoSender : targets.guard->limits().IdOf(record.sender)),
        places_(targets.guard == nullptr ? nullptr : &targets.guard->limits(), sender_),
        rows_(&rows) {}

  StatusOr<ApplyResult> Run() {
    const bool passes = targets_.guard == nullptr || TRY(Pass(*targets_.guard));
    if (passes) {
      TRY(PrepareRows(*rows_, *targets_.windows, Origin::kRemote, &scratch_));
      if (targets_.guard != nullptr && targets_.guard->checks_series()) {
        TRY(CheckSeries(*targets_.guard));
      }
      TRY(Store());
    }
    if (targets_.guard != nullptr) targets_.guard->Explain(&report_);
    result_.guard = std::move(report_);
    return std::move(result_);
  }

 private:
  // False: nothing of it is to be stored.
  StatusOr<bool> Pass(IngestGuard& guard) {
    edits_.rows = static_cast<uint32_t>(all_.rows().size());
    if (guard.elects()) {
      TRY(guard.Elect(all_, sender_, record_.time, &edits_, &report_));
      if (!edits_.empty()) TRY(Edit());
      if (report_.dropped_whole) return false;
    }
    return guard.AdmitSamples(sender_, rows_->samples().size(), record_.time, &report_);
  }

  Status CheckSeries(IngestGuard& guard) {
    const size_t left_out = edits_.left_out.size();
    TRY(guard.CheckSeries({.rows = *rows_,
                           .ids = scratch_.outcome.ids,
                           .windows = *targets_.windows,
                           .sender = sender_,
                           .live = log_.live()},
                          &places_, &edits_, &report_));
    if (edits_.left_out.size() == left_out) return absl::OkStatus();
    TRY(Edit());
    return PrepareRows(*rows_, *targets_.windows, Origin::kRemote, &scratch_);
  }

  Status Edit() {
    rows_ = &edited_;
    return edited_.Build(all_, edits_, targets_.windows->seed());
  }

  Status Store() {
    const ApplyOptions options{.origin = Origin::kRemote,
                               .now = record_.time,
                               .explain = true,
                               .sender = sender_,
                               .places = &places_};
    bool applied = false;
    if (rows_->holds_data()) {
      const uint64_t mark = log_.Mark();
      applied = TRY(Log([&] { result_ = ApplyRows(*rows_, options, targets_, &scratch_); }));
      TRY(log_.Settle(mark));
    }
    if (!applied) result_ = JudgeRows(*rows_, options, &scratch_);
    return absl::OkStatus();
  }

  // In the shortest form that tells the same.
  StatusOr<bool> Log(const std::function<void()>& apply) {
    if (!edits_.empty()) return LogEdited(apply);
    if (!IsNumbered(record_.type) || !log_.live()) return log_.Write(record_, apply);
    StatusOr<bool> applied = LogByNumber(apply);
    return absl::IsAborted(applied.status()) ? LogNumbering(apply) : applied;
  }

  StatusOr<bool> LogEdited(const std::function<void()>& apply) {
    LogRecord record = record_;
    std::string body = EncodeEdits(edits_);
    body += record_.body;
    record.body = body;
    record.verdict = Admission::kEdited;
    return log_.Write(record, apply);
  }

  // Aborted when a series has no number in the current segment.
  StatusOr<bool> LogByNumber(const std::function<void()>& apply) {
    const RowNumbers::Valid valid = log_.numbers();
    if (valid.segment == 0 || !IsPlain(*rows_) ||
        !targets_.windows->NumbersOf(rows_->kind(), rows_->rows(), scratch_.outcome.ids,
                                     valid.least, &scratch_.numbers)) {
      return absl::AbortedError("not by number");
    }
    LogRecord record = record_;
    EncodeByNumber(*rows_, scratch_.numbers, record_.time, &scratch_.body);
    record.type = RecordType::kRows;
    record.body = scratch_.body;
    record.segment = valid.segment;
    return log_.Write(record, apply);
  }

  StatusOr<bool> LogNumbering(const std::function<void()>& apply) {
    std::string body(kFirstNumberBytes, '\0');
    body += record_.body;
    const auto rows = static_cast<uint32_t>(rows_->rows().size());
    return log_.WriteNumbering(record_, rows, &body, [&](uint32_t first) {
      apply();
      if (first == 0) return;
      targets_.windows->NoteNumbers(rows_->kind(), rows_->rows(), scratch_.outcome.ids, first);
    });
  }

  const LogRecord& record_;
  const WriteRows& all_;
  const WriteTargets& targets_;
  IngestLog& log_;
  ApplyScratch& scratch_;
  const SenderId sender_;
  SeriesPlaces places_;
  const WriteRows* rows_;  // what is left of them
  EditedRows edited_;
  RowEdits edits_;
  GuardReport report_;
  ApplyResult result_;
};

}  // namespace

StatusOr<ApplyResult> CommitRows(const LogRecord& record, const WriteRows& rows,
                                 const WriteTargets& targets, IngestLog* log,
                                 ApplyScratch* scratch) {
  return Commit(record, rows, targets, log, scratch).Run();
}

std::string NotCommitted(const Status& status) {
  const bool stored = absl::IsDataLoss(status);
  return (stored ? "stored but not safe, send it again: " : "nothing was stored: ") +
         Message(status);
}

}  // namespace outrider
