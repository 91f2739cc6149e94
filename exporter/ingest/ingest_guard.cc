// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ingest_guard.h"

#include <algorithm>

#include "exporter/http/server.h"
#include "exporter/ingest/series_check.h"
#include "fmt/format.h"
#include "storage/base/text.h"
#include "storage/window/series_identity.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

uint64_t SamplesOf(const WriteRows& rows, uint32_t row) {
  return rows.rows()[row].end - rows.rows()[row].begin;
}

void Refuse(SenderLimit limit, const IncomingSeries& series, GuardReport* report) {
  const auto at = static_cast<size_t>(limit);
  if (report->series.at(at)++ == 0) report->first.at(at) = DescribeSeries(series.labels);
  report->samples_refused += series.samples.size();
}

// The last pair that was judged: usually all rows of a request are of one.
struct Judged {
  bool any = false;
  std::string cluster;
  std::string replica;
  HaVerdict verdict = HaVerdict::kKeep;
  uint64_t samples = 0;  // since it was judged
};

std::string TextOf(SenderLimit limit, const SenderLimitOptions& options) {
  switch (limit) {
    using enum SenderLimit;
    case kSeries:
      return fmt::format("new series, over the limit of {} in the whole daemon",
                         options.max_series);
    case kSeriesPerSender:
      return fmt::format("new series, over the sender's limit of {}",
                         options.max_series_per_sender);
    case kLabelNames:
      return fmt::format("series with more than {} labels", options.max_label_names);
    case kLabelNameLength:
      return fmt::format("series with a label name of more than {} bytes",
                         options.max_label_name_length);
    case kLabelValueLength:
      return fmt::format("series with a label value of more than {} bytes",
                         options.max_label_value_length);
    case kHaClusters:
      return "series of more HA clusters than are told apart";
    case kNone:
    case kBodyBytes:
    case kSamplesPerSecond:
    case kEnd:
      break;
  }
  return "";
}

}  // namespace

SeriesPlaces::~SeriesPlaces() {
  for (size_t i = taken_; i < rows_.size(); ++i) limits_->Removed(sender_);
}

SenderLimit SeriesPlaces::Keep(uint32_t row, const Hash128& identity) {
  if (identities_.contains(identity.low)) return SenderLimit::kNone;
  const SenderLimit limit = limits_->Reserve(sender_);
  if (limit != SenderLimit::kNone) return limit;
  identities_.insert(identity.low);
  rows_.push_back(row);
  return SenderLimit::kNone;
}

bool SeriesPlaces::Take(uint32_t row) {
  while (next_ < rows_.size() && rows_[next_] < row) ++next_;
  if (next_ == rows_.size() || rows_[next_] != row) return false;
  ++next_;
  ++taken_;
  return true;
}

std::string IngestGuard::SenderOf(const HttpRequest& request) const {
  if (!options_.sender_header.empty()) {
    if (std::string name = request.Header(options_.sender_header); !name.empty()) return name;
  }
  return request.remote_address;
}

StatusOr<std::string> IngestGuard::ReadBody(HttpRequest& request, std::string_view sender,
                                            size_t limit) {
  const size_t own = options_.limits.max_body_bytes;
  if (own == 0 || own >= limit) return request.ReadBody(limit);
  StatusOr<std::string> body = request.ReadBody(own);
  if (!absl::IsResourceExhausted(body.status())) return body;
  limits_.CheckBody(limits_.IdOf(sender), own + 1);
  return absl::ResourceExhaustedError(
      fmt::format("the body is over the sender's limit of {} bytes", own));
}

Status IngestGuard::Elect(const WriteRows& rows, SenderId sender, Timestamp now, RowEdits* edits,
                          GuardReport* report) {
  const HaOptions& ha = options_.ha;
  edits->rows = static_cast<uint32_t>(rows.rows().size());
  IncomingSeries series;
  Judged last;
  const auto count_dropped = [&] {
    if (last.verdict == HaVerdict::kDrop) ha_.CountDropped(last.cluster, last.samples);
  };
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    TRY(rows.Decode(row, &series));
    const auto pair = FindReplica(ha.cluster_label, ha.replica_label, series.labels);
    if (!pair) continue;
    if (!last.any || last.cluster != pair->cluster || last.replica != pair->replica) {
      count_dropped();
      last = {.any = true,
              .cluster = std::string(pair->cluster),
              .replica = std::string(pair->replica),
              .verdict = ha_.Judge(pair->cluster, pair->replica, now)};
    }
    if (IsKept(last.verdict)) {
      edits->removed_label = ha.replica_label;
      edits->beside_label = ha.cluster_label;
      continue;
    }
    edits->left_out.push_back(row);
    last.samples += SamplesOf(rows, row);
    if (last.verdict == HaVerdict::kTooManyClusters) {
      Refuse(limits_.Count(sender, SenderLimit::kHaClusters), series, report);
    } else {
      report->samples_dropped += SamplesOf(rows, row);
      if (report->why.empty()) {
        report->why = fmt::format("replica {} of cluster {} is not the elected one",
                                  Quote(last.replica), Quote(last.cluster));
      }
    }
  }
  count_dropped();
  report->dropped_whole = !edits->left_out.empty() && edits->left_out.size() == edits->rows &&
                          report->series == decltype(report->series){};
  return absl::OkStatus();
}

bool IngestGuard::AdmitSamples(SenderId sender, uint64_t samples, Timestamp now,
                               GuardReport* report) {
  const SenderLimits::Admission admission = limits_.AdmitSamples(sender, samples, now);
  if (admission.admitted) return true;
  report->retry_after = std::max<DurationMs>(admission.retry_after, 1);
  report->why = fmt::format("over the sender's limit of {} samples a second",
                            options_.limits.max_samples_per_second);
  return false;
}

// Sorts the series' labels on the way.
SenderLimit IngestGuard::LimitOf(const RowsToCheck& what, uint32_t row, SeriesPlaces* places,
                                 IncomingSeries* series) {
  // What is refused, or left out, for other reasons takes no place.
  if (outrider::CheckSeries(series) != SeriesVerdict::kFine) return SenderLimit::kNone;
  const SenderLimit limit = limits_.CheckLabels(what.sender, series->labels);
  if (limit != SenderLimit::kNone) return limit;
  if (what.ids[row] != kNoSeries || !what.live || !options_.limits.LimitsSeries()) {
    return SenderLimit::kNone;
  }
  if (series->samples.empty() && series->histograms.empty()) return SenderLimit::kNone;
  const Hash128 identity = IdentityOf(series->labels, what.windows.seed());
  if (what.windows.Has(identity)) return SenderLimit::kNone;
  return places->Keep(what.rows.source(row), identity);
}

Status IngestGuard::CheckSeries(const RowsToCheck& what, SeriesPlaces* places, RowEdits* edits,
                                GuardReport* report) {
  // A sender's key is learned of labels that were within the limits; an identity may be that of a
  // series which was there before there were limits.
  const bool all = what.rows.kind() == KeyKind::kIdentity && options_.limits.LimitsLabels();
  IncomingSeries series;
  std::vector<uint32_t> left_out;
  for (uint32_t row = 0; row < what.ids.size(); ++row) {
    if (what.ids[row] != kNoSeries && !all) continue;
    TRY(what.rows.Decode(row, &series));
    const SenderLimit limit = LimitOf(what, row, places, &series);
    if (limit == SenderLimit::kNone) continue;
    Refuse(limit, series, report);
    left_out.push_back(what.rows.source(row));
  }
  std::vector<uint32_t> merged;
  std::merge(left_out.begin(), left_out.end(), edits->left_out.begin(), edits->left_out.end(),
             std::back_inserter(merged));
  edits->left_out = std::move(merged);
  return absl::OkStatus();
}

void IngestGuard::Explain(GuardReport* report) const {
  for (size_t i = 0; i < kSenderLimits; ++i) {
    if (report->series.at(i) == 0) continue;
    report->lines.push_back(fmt::format("{}: {}, first: {}",
                                        TextOf(static_cast<SenderLimit>(i), options_.limits),
                                        report->series.at(i), report->first.at(i)));
  }
}

}  // namespace outrider
