// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/trend_options.h"

#include <algorithm>
#include <string>

#include "fmt/format.h"
#include "rules/analytics/window_plan.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {

void ReadTrendOptions(YamlReader& reader, TrendOptions* options) {
  if (reader.Double("stable_per_hour", &options->stable_per_hour) &&
      !(options->stable_per_hour >= 0)) {
    reader.Fail("stable_per_hour", "must not be negative: a share of the level per hour");
  }
  reader.Bool("errors", &options->errors);
  reader.Bool("theil_sen", &options->theil_sen);
  reader.Bool("mann_kendall", &options->mann_kendall);
  reader.Bool("changepoints", &options->changepoints);
}

void ReadWindows(YamlReader& reader, std::vector<DurationMs>* windows) {
  std::vector<std::string> texts;
  if (!reader.StringList("windows", &texts)) return;
  windows->clear();
  for (const std::string& text : texts) {
    const StatusOr<DurationMs> window = ParseDuration(text);
    if (!window.ok() || *window < kShortestWindow || *window > kLongestWindow) {
      reader.Fail("windows", fmt::format("window {} is not a duration from {} to {}", Quote(text),
                                         WindowText(kShortestWindow), WindowText(kLongestWindow)));
      return;
    }
    windows->push_back(*window);
  }
  std::ranges::sort(*windows);
  const auto repeated = std::ranges::unique(*windows);
  windows->erase(repeated.begin(), repeated.end());
  if (texts.empty()) reader.Fail("windows", "at least one window is needed");
  if (windows->size() > kMostWindows) {
    reader.Fail("windows", fmt::format("an entry has at most {} windows", kMostWindows));
  }
}

}  // namespace outrider
