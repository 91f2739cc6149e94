// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/history_walk.h"

#include <algorithm>
#include <future>

namespace outrider {
namespace {

using Fetched = StatusOr<std::unique_ptr<HistoryPiece>>;

// As Prometheus does with its external labels: asked for where a selector does not ask itself.
void Narrow(const std::vector<DropLabel>& labels, HistoryQuery* query) {
  for (const DropLabel& label : labels) {
    const bool asked = std::ranges::any_of(
        query->matchers, [&](const Matcher& matcher) { return matcher.name() == label.name; });
    if (label.value && !asked) query->matchers.push_back(Matcher::Equal(label.name, *label.value));
  }
}

std::future<Fetched> FetchLater(const HistoryWalk& walk, const HistoryStretch& stretch) {
  std::vector<HistoryQuery> queries = walk.queries(stretch);
  for (HistoryQuery& query : queries) Narrow(walk.drop_labels, &query);
  return std::async(std::launch::async,
                    [&source = walk.source, queries = std::move(queries)]() mutable {
                      return source.Fetch(std::move(queries));
                    });
}

}  // namespace

std::vector<std::string> NamesOf(const std::vector<DropLabel>& labels) {
  std::vector<std::string> names;
  names.reserve(labels.size());
  for (const DropLabel& label : labels) names.push_back(label.name);
  return names;
}

std::vector<HistoryStretch> StretchesOf(HistoryStretch wanted, DurationMs horizon,
                                        DurationMs piece) {
  std::vector<HistoryStretch> stretches;
  for (Timestamp from = wanted.from - horizon; from < wanted.from;) {
    const Timestamp to = std::min(from + piece, wanted.from) - 1;
    stretches.push_back({from, to});
    from = to + 1;
  }
  for (Timestamp from = wanted.from; from <= wanted.to;) {
    const Timestamp to = std::min(from + piece - 1, wanted.to);
    stretches.push_back({from, to});
    from = to + 1;
  }
  return stretches;
}

StatusOr<bool> WalkHistory(const HistoryWalk& walk, const std::vector<HistoryStretch>& stretches,
                           const std::stop_token& stop) {
  if (stretches.empty()) return true;
  std::future<Fetched> next = FetchLater(walk, stretches.front());
  for (size_t i = 0; i < stretches.size(); ++i) {
    const Fetched fetched = next.get();
    if (absl::IsCancelled(fetched.status()) && stop.stop_requested()) return false;
    TRY(fetched.status());
    if (i + 1 < stretches.size()) next = FetchLater(walk, stretches[i + 1]);
    if (!TRY(walk.use(**fetched, stretches[i]))) return false;
  }
  return true;
}

}  // namespace outrider
