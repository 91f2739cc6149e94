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

constexpr size_t kMostWarnings = 20;
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

void QueryHistory::TellWarnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    const std::string text = ShownText(warning);
    if (told_warnings_.contains(text)) continue;
    if (told_warnings_.size() >= kMostWarnings) {
      if (!std::exchange(told_of_more_, true)) note_("there are more warnings, left out here");
      return;
    }
    told_warnings_.insert(text);
    note_(fmt::format("{}: {}", http_.shown_url(), text));
  }
}

Status QueryHistory::Read(const std::string& body, const HistoryQuery& query, FetchBudget* budget,
                          QueryPiece* piece) {
  std::vector<std::string> warnings;
  bool histograms = false;
  uint64_t samples = 0;
  const Status read = ReadMatrixJson(
      body,
      [&](const MatrixRow& row) {
        histograms |= row.histograms;
        samples += row.samples.size();
        piece->Add(row, query);
      },
      &warnings);
  if (!read.ok()) {
    return Status(read.code(),
                  fmt::format("query API: {}: {}", http_.shown_url(), ShownText(Message(read))));
  }
  budget->Count(body.size(), samples);
  TellWarnings(warnings);
  if (histograms && !std::exchange(told_of_histograms_, true)) {
    note_("there are native histograms, which a query API does not give whole: they are left out");
  }
  return {};
}

Status QueryHistory::FetchOne(const HistoryQuery& query, FetchBudget* budget, QueryPiece* piece) {
  for (Timestamp from = query.from; from <= query.to;) {
    TRY(budget->Check());
    const HistoryQuery part{query.matchers, from, std::min(from + slice_.length() - 1, query.to)};
    const DurationMs asked = part.to - part.from + 1;
    const auto body = Ask(part);
    const bool too_late = absl::IsDeadlineExceeded(body.status());
    if ((too_late || absl::IsResourceExhausted(body.status())) &&
        slice_.Refused(asked, too_late ? SliceRefusal::kTooLate : SliceRefusal::kTooMuch)) {
      continue;
    }
    TRY(body.status());
    TRY(Read(*body, part, budget, piece));
    slice_.Answered(asked);
    from = part.to + 1;
  }
  return {};
}

StatusOr<std::unique_ptr<HistoryPiece>> QueryHistory::Fetch(std::vector<HistoryQuery> queries) {
  auto piece = std::make_unique<QueryPiece>();
  FetchBudget budget(http_.max_fetch());
  for (const HistoryQuery& query : queries) TRY(FetchOne(query, &budget, piece.get()));
  return piece;
}

}  // namespace outrider
