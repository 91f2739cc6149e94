// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/series_reader.h"

#include <algorithm>

namespace outrider {

StatusOr<SeriesReader> SeriesReader::Open(const Querier& querier, const ReadQuery& query) {
  if (query.end < query.start) return SeriesReader(querier, query.start, query.end, {});
  return SeriesReader(querier, query.start, query.end,
                      TRY(querier.SelectLabels(query.matchers, query.start, query.end)));
}

StatusOr<const SeriesSet::Row*> SeriesReader::Next(size_t max_samples) {
  while (next_ < series_.size()) {
    const Labels& labels = series_[next_++];
    std::vector<Matcher> matchers;
    for (const LabelView label : labels)
      matchers.push_back(Matcher::Equal(std::string(label.name), std::string(label.value)));
    set_.want_histograms = true;
    TRY(querier_->Select(matchers, start_, end_, max_samples, &set_));
    // Series with more labels match, too.
    const auto row = std::ranges::find_if(
        set_.rows, [&](const SeriesSet::Row& one) { return one.labels.All() == labels; });
    if (row != set_.rows.end()) return &*row;
  }
  return nullptr;
}

}  // namespace outrider
