// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/file_history.h"

#include <algorithm>

#include "storage/base/file.h"

namespace outrider {
namespace {

class FilePiece final : public HistoryPiece {
 public:
  FilePiece(std::shared_ptr<const SampleTable> table, std::vector<HistoryQuery> queries)
      : table_(std::move(table)), queries_(std::move(queries)) {}

  Status ForEach(const Visit& visit) const override {
    std::vector<LabelView> labels;
    for (const SampleTable::Series& series : table_->series()) {
      for (const HistoryQuery& query : queries_) {
        if (!MatchesAll(query.matchers, series.labels)) continue;
        const std::span<const Sample> all = series.samples;
        const auto begin = std::ranges::lower_bound(all, query.from, {}, &Sample::time);
        const auto end = std::ranges::upper_bound(all, query.to, {}, &Sample::time);
        if (begin >= end) continue;
        labels.assign(series.labels.begin(), series.labels.end());
        visit({.labels = labels, .samples = {begin, end}, .histograms = {}});
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<const SampleTable> table_;
  const std::vector<HistoryQuery> queries_;
};

}  // namespace

StatusOr<std::unique_ptr<FileHistory>> FileHistory::Open(const std::vector<std::string>& paths,
                                                         std::vector<std::string>* warnings) {
  SampleTable table;
  for (const std::string& path : paths) {
    const std::string text = TRY(ReadFile(path));
    TRY(ReadExposition(text, path, &table, warnings));
  }
  return std::make_unique<FileHistory>(std::move(table));
}

FileHistory::FileHistory(SampleTable table) {
  table.Sort();
  table_ = std::make_shared<const SampleTable>(std::move(table));
}

StatusOr<FileHistory::Extent> FileHistory::TimesCovered() const {
  std::optional<Extent> extent;
  for (const SampleTable::Series& series : table_->series()) {
    if (series.samples.empty()) continue;
    const Extent own = {series.samples.front().time, series.samples.back().time};
    if (!extent) extent = own;
    extent->first = std::min(extent->first, own.first);
    extent->last = std::max(extent->last, own.last);
  }
  if (!extent) return InvalidArgument("the files hold no samples");
  return *extent;
}

StatusOr<std::unique_ptr<HistoryPiece>> FileHistory::Fetch(std::vector<HistoryQuery> queries) {
  return std::make_unique<FilePiece>(table_, std::move(queries));
}

}  // namespace outrider
