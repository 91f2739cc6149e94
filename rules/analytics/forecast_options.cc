// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast_options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<std::pair<std::string_view, ForecastModel>, 4> kModels = {{
    {"linear", ForecastModel::kLinear},
    {"holt_winters", ForecastModel::kHoltWinters},
    {"seasonal", ForecastModel::kSeasonal},
    {"auto", ForecastModel::kAuto},
}};
constexpr std::array<std::pair<std::string_view, CrossingDirection>, 3> kCrossings = {{
    {"auto", CrossingDirection::kAuto},
    {"above", CrossingDirection::kAbove},
    {"below", CrossingDirection::kBelow},
}};
constexpr DurationMs kLongestHorizon = 30 * kDay;

template <typename Table, typename Value>
void ReadName(YamlReader& reader, std::string_view key, const Table& table, Value* out) {
  std::string text;
  if (!reader.String(key, &text)) return;
  std::vector<std::string> names;
  for (const auto& [name, value] : table) {
    if (name == text) {
      *out = value;
      return;
    }
    names.emplace_back(name);
  }
  reader.Fail(key, fmt::format("{} {} is not one of {}", key, Quote(text), Join(names, ", ")));
}

void ReadHorizons(YamlReader& reader, ForecastOptions* options) {
  std::vector<std::string> texts;
  if (!reader.StringList("horizons", &texts)) return;
  if (reader.Has("horizon")) reader.Fail("horizons", "an entry has horizon or horizons, not both");
  options->label_horizons = true;
  options->horizons.clear();
  for (const std::string& text : texts) {
    const StatusOr<DurationMs> horizon = ParseDuration(text);
    if (!horizon.ok()) {
      reader.Fail("horizons", fmt::format("horizon {} is not a duration", Quote(text)));
      return;
    }
    options->horizons.push_back(*horizon);
  }
  std::ranges::sort(options->horizons);
  const auto repeated = std::ranges::unique(options->horizons);
  options->horizons.erase(repeated.begin(), repeated.end());
  if (options->horizons.empty() || options->horizons.size() > kMostHorizons) {
    reader.Fail("horizons", fmt::format("an entry has one to {} horizons", kMostHorizons));
  }
}

}  // namespace

void ReadForecastOptions(YamlReader& reader, ForecastOptions* options) {
  ReadName(reader, "model", kModels, &options->model);
  // The one schema for all kinds has `detector` (design/contract.md): of a forecast it is the
  // model.
  if (reader.Has("detector")) {
    ReadName(reader, "detector", kModels, &options->model);
    if (reader.Has("model")) {
      reader.Fail("detector", "an entry has model or detector, which say the same, not both");
    }
  }
  ReadName(reader, "direction", kCrossings, &options->crossing);
  if (reader.Has("direction") && !reader.Has("threshold")) {
    reader.Fail("direction", "is from where the threshold is reached: there is none");
  }
  ReadHorizons(reader, options);
  if (!options->horizons.empty()) reader.Duration("horizon", &options->horizons.front());
  for (DurationMs horizon : options->horizons) {
    if (horizon < kMinute || horizon > kLongestHorizon) {
      reader.Fail(options->label_horizons ? "horizons" : "horizon",
                  "a horizon is a duration from 1m to 30d");
      break;
    }
  }
  if (reader.Double("confidence", &options->confidence) &&
      (std::isnan(options->confidence) || options->confidence < 0.5 ||
       options->confidence > 0.999)) {
    reader.Fail("confidence", "must be from 0.5 to 0.999");
  }
  reader.Bool("intervals", &options->intervals);
}

}  // namespace outrider
