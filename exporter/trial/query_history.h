// SPDX-License-Identifier: Apache-2.0
// History from a server by its query API, for those without remote read: each selector is asked for
// as `selector[range]` at one time, which gives raw samples with their own times. What that does
// not give: stale markers, so a series ends after the lookback, and native histograms.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "exporter/trial/history_source.h"
#include "exporter/trial/slice_length.h"
#include "exporter/trial/source_http.h"

namespace outrider {

class QueryHistory final : public HistorySource {
 public:
  // `note` is told once of each thing that is missing and of each warning of the server, of some at
  // most. `slice`: the longest range asked for at once; shorter while the server says that it is
  // too much.
  using Note = std::function<void(const std::string&)>;
  QueryHistory(SourceHttp http, Note note, DurationMs slice = kHour)
      : http_(std::move(http)), note_(std::move(note)), slice_(slice) {}

  StatusOr<std::unique_ptr<HistoryPiece>> Fetch(std::vector<HistoryQuery> queries) override;

 private:
  StatusOr<std::string> Ask(const HistoryQuery& query);
  Status FetchOne(const HistoryQuery& query, FetchBudget* budget, class QueryPiece* piece);
  Status Read(const std::string& body, const HistoryQuery& query, FetchBudget* budget,
              QueryPiece* piece);
  void TellWarnings(const std::vector<std::string>& warnings);

  SourceHttp http_;
  const Note note_;
  SliceLength slice_;
  std::set<std::string> told_warnings_;
  bool told_of_more_ = false;
  bool told_of_histograms_ = false;
};

}  // namespace outrider
