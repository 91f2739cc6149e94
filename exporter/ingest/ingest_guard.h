// SPDX-License-Identifier: Apache-2.0
// What stands between a decoded request and the log: who sends, which HA replica is listened to,
// how much a sender may send and make. Everything is decided before the request is logged, and what
// is decided stands in its record (row_edits.h): replay never asks again.
//
// The order for one request, in commit_rows.cc: Elect, AdmitSamples, CheckSeries.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "exporter/ingest/ha_dedup.h"
#include "exporter/ingest/row_edits.h"
#include "exporter/ingest/sender_limits.h"
#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

class HttpRequest;
class Windows;

struct GuardOptions {
  std::string sender_header;  // names the sender; "" or not sent: the remote address
  SenderLimitOptions limits = {};
  HaOptions ha = {};
};

// What became of one request.
struct GuardReport {
  bool dropped_whole = false;  // every series is of a replica that is not elected
  DurationMs retry_after = 0;  // not 0: too many samples, nothing was stored
  std::string why;             // of the two above, for people
  uint64_t samples_dropped = 0;
  uint64_t samples_refused = 0;                  // of refused series
  std::array<uint64_t, kSenderLimits> series{};  // refused, by limit
  std::array<std::string, kSenderLimits> first;  // the labels of the first of them
  std::vector<std::string> lines;                // one for each limit: how many, the first
};

// Places for the series that one request is about to make. What is not taken is given back in the
// end.
class SeriesPlaces {
 public:
  SeriesPlaces(SenderLimits* limits, SenderId sender) : limits_(limits), sender_(sender) {}
  ~SeriesPlaces();
  SeriesPlaces(const SeriesPlaces&) = delete;
  SeriesPlaces& operator=(const SeriesPlaces&) = delete;

  // kNone, or why there is none. Rows come in ascending order; one place serves all rows of the
  // same series.
  SenderLimit Keep(uint32_t row, const Hash128& identity);
  // Whether the row has a place, which then is the caller's. Rows come in ascending order.
  bool Take(uint32_t row);

 private:
  SenderLimits* limits_;
  SenderId sender_;
  std::vector<uint32_t> rows_;
  absl::flat_hash_set<uint64_t> identities_;  // half of one is enough to tell those of one request
  size_t next_ = 0;
  size_t taken_ = 0;
};

// The rows whose series are to be looked at, and where.
struct RowsToCheck {
  const WriteRows& rows;
  std::span<const uint32_t> ids;  // as Windows::FindKeyed found them
  const Windows& windows;
  SenderId sender = kNoSender;
  bool live = true;  // during replay nobody knows yet which series there are: none is too many
};

// Thread-safe.
class IngestGuard {
 public:
  explicit IngestGuard(const GuardOptions& options)
      : options_(options), limits_(options.limits), ha_(options.ha) {}

  std::string SenderOf(const HttpRequest& request) const;
  // ResourceExhausted: over `limit` or over what the sender may send.
  StatusOr<std::string> ReadBody(HttpRequest& request, std::string_view sender, size_t limit);

  bool elects() const { return options_.ha.enabled; }
  // Which rows are of an elected replica; the others are left out. InvalidArgument: a row cannot be
  // decoded.
  Status Elect(const WriteRows& rows, SenderId sender, Timestamp now, RowEdits* edits,
               GuardReport* report);
  // False: too many, see the report.
  bool AdmitSamples(SenderId sender, uint64_t samples, Timestamp now, GuardReport* report);
  bool checks_series() const {
    return options_.limits.LimitsSeries() || options_.limits.LimitsLabels();
  }
  // Labels over a limit, and new series for which there is no place; such rows are left out.
  Status CheckSeries(const RowsToCheck& what, SeriesPlaces* places, RowEdits* edits,
                     GuardReport* report);
  // Fills `lines`.
  void Explain(GuardReport* report) const;

  SenderLimits& limits() { return limits_; }
  const SenderLimits& limits() const { return limits_; }
  HaDedup& ha() { return ha_; }
  const HaDedup& ha() const { return ha_; }

 private:
  SenderLimit LimitOf(const RowsToCheck& what, uint32_t row, SeriesPlaces* places,
                      IncomingSeries* series);

  const GuardOptions options_;
  SenderLimits limits_;
  HaDedup ha_;
};

}  // namespace outrider
