// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/query_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "exporter/read/matrix_json.h"
#include "storage/base/text.h"

namespace outrider {

class QueryPiece final : public HistoryPiece {
 public:
  // Samples outside of the query's range, which some servers bring along, are left out.
  void Add(const MatrixRow& row, const HistoryQuery& query) {
    Series series{{row.labels.begin(), row.labels.end()}, row.samples};
    std::erase_if(series.samples, [&](const Sample& sample) {
      return sample.time < query.from || sample.time > query.to;
    });
    if (!series.samples.empty()) series_.push_back(std::move(series));
  }

  Status ForEach(const Visit& visit) const override {
    std::vector<LabelView> labels;
    for (const Series& series : series_) {
      labels.clear();
      for (const auto& [name, value] : series.labels) {
        if (!value.empty()) labels.push_back({name, value});
      }
      visit({.labels = labels, .samples = series.samples, .histograms = {}});
    }
    return absl::OkStatus();
  }

 private:
  struct Series {
    std::map<std::string, std::string> labels;  // sorted
    std::vector<Sample> samples;
  };
  std::vector<Series> series_;
};

namespace {

constexpr DurationMs kShortestSlice = kMinute;
constexpr size_t kLongestUrl = 4000;  // of the query; longer ones go by POST

std::string SelectorText(const std::vector<Matcher>& matchers) {
  std::vector<std::string> parts;
  parts.reserve(matchers.size());
  for (const Matcher& matcher : matchers) parts.push_back(matcher.ToString());
  return "{" + Join(parts, ",") + "}";
}

}  // namespace

StatusOr<std::string> QueryHistory::Ask(const HistoryQuery& query) {
  // Open at the left in Prometheus 3, closed before.
  const std::string text =
      fmt::format("{}[{}ms]", SelectorText(query.matchers), query.to - query.from + 1);
  const std::string fields =
      fmt::format("query={}&time={}.{:03}", UrlEncodeQuery(text), query.to / 1000, query.to % 1000);
  HttpClientRequest request;
  std::string path = "/api/v1/query";
  if (fields.size() <= kLongestUrl) {
    request.method = "GET";  // its connection is kept
    path += "?" + fields;
  } else {
    request.body = fields;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  }
  return TRY(http_.Do(std::move(request), path, "query API")).body;
}

Status QueryHistory::FetchOne(const HistoryQuery& query, QueryPiece* piece) {
  for (Timestamp from = query.from; from <= query.to;) {
    const HistoryQuery part{query.matchers, from, std::min(from + slice_ - 1, query.to)};
    const auto body = Ask(part);
    const bool too_much =
        absl::IsResourceExhausted(body.status()) || absl::IsDeadlineExceeded(body.status());
    if (too_much && part.to - part.from >= 2 * kShortestSlice) {
      slice_ = (part.to - part.from + 1) / 2;
      continue;
    }
    TRY(body.status());
    std::vector<std::string> warnings;
    bool histograms = false;
    const Status read = ReadMatrixJson(
        *body,
        [&](const MatrixRow& row) {
          histograms |= row.histograms;
          piece->Add(row, part);
        },
        &warnings);
    if (!read.ok()) return Annotate(read, fmt::format("query API: {}", http_.url()));
    for (const std::string& warning : warnings) note_(fmt::format("{}: {}", http_.url(), warning));
    if (histograms && !std::exchange(told_of_histograms_, true)) {
      note_(
          "there are native histograms, which a query API does not give whole: they are left out");
    }
    from = part.to + 1;
  }
  return {};
}

StatusOr<std::unique_ptr<HistoryPiece>> QueryHistory::Fetch(std::vector<HistoryQuery> queries) {
  auto piece = std::make_unique<QueryPiece>();
  for (const HistoryQuery& query : queries) TRY(FetchOne(query, piece.get()));
  return piece;
}

}  // namespace outrider
