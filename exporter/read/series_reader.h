// SPDX-License-Identifier: Apache-2.0
// The series of one remote read query, one after the other in the order of their labels: only one
// series' samples are in memory.
#pragma once

#include <vector>

#include "exporter/read/read_request.h"
#include "storage/window/querier.h"

namespace outrider {

// Not thread-safe. `querier` outlives it.
class SeriesReader {
 public:
  static StatusOr<SeriesReader> Open(const Querier& querier, const ReadQuery& query);

  // The next series with its samples; nullptr behind the last. Valid until the next call.
  // ResourceExhausted when it has more than `max_samples`.
  StatusOr<const SeriesSet::Row*> Next(size_t max_samples);
  const SeriesSet& set() const { return set_; }

 private:
  SeriesReader(const Querier& querier, Timestamp start, Timestamp end, std::vector<Labels> series)
      : querier_(&querier), start_(start), end_(end), series_(std::move(series)) {}

  const Querier* querier_;
  Timestamp start_;
  Timestamp end_;
  std::vector<Labels> series_;
  size_t next_ = 0;
  SeriesSet set_;
};

}  // namespace outrider
