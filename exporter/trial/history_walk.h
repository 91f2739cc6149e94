// SPDX-License-Identifier: Apache-2.0
// History piece by piece, the next one fetched while one is used.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/trial/history_source.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// Taken off the series of the source. With a value only series that have it are asked for.
struct DropLabel {
  std::string name;
  std::optional<std::string> value;
};
std::vector<std::string> NamesOf(const std::vector<DropLabel>& labels);

// Closed at both ends.
struct HistoryStretch {
  Timestamp from = 0;
  Timestamp to = 0;
};

// What lies before the start is loaded only; the pieces behind it, from which evaluation begins,
// start there.
std::vector<HistoryStretch> StretchesOf(HistoryStretch wanted, DurationMs horizon,
                                        DurationMs piece);

struct HistoryWalk {
  HistorySource& source;
  const std::vector<DropLabel>& drop_labels;
  std::function<std::vector<HistoryQuery>(const HistoryStretch&)> queries;
  // False ends the walk.
  std::function<StatusOr<bool>(const HistoryPiece&, const HistoryStretch&)> use;
};
// False: ended before everything was used, by `use` or by a stop while something was fetched.
StatusOr<bool> WalkHistory(const HistoryWalk& walk, const std::vector<HistoryStretch>& stretches,
                           const std::stop_token& stop);

}  // namespace outrider
