// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/detector_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/time/time.h"
#include "rules/detect/auto_detector.h"
#include "rules/detect/band_detector.h"
#include "rules/detect/increase_detector.h"
#include "rules/detect/novelty_detector.h"
#include "rules/detect/plain_models.h"
#include "rules/detect/seasonal_model.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Made = std::unique_ptr<SeriesDetector>;

Made Band(const char* name, const DetectorOptions& options, BandPolicy policy,
          std::unique_ptr<SeriesModel> model) {
  return std::make_unique<BandDetector>(name, options, policy, std::move(model));
}

Made Seasonal(const DetectorOptions& options, absl::TimeZone zone) {
  return Band("seasonal", options, {}, std::make_unique<SeasonalModel>(options, zone));
}

Made Quantile(const DetectorOptions& options, absl::TimeZone /*zone*/) {
  return Band("quantile", options, {},
              std::make_unique<SketchModel>(SketchModel::Scale::kQuantiles, options.half_life));
}

Made Mad(const DetectorOptions& options, absl::TimeZone /*zone*/) {
  return Band("mad", options, {},
              std::make_unique<SketchModel>(SketchModel::Scale::kMad, options.half_life));
}

Made ZScore(const DetectorOptions& options, absl::TimeZone /*zone*/) {
  return Band("zscore", options, {},
              std::make_unique<MeanModel>(MeanModel::Around::kMean, options.half_life));
}

Made LevelShift(const DetectorOptions& options, absl::TimeZone /*zone*/) {
  return Band("level_shift", options, {.spikes = false, .shifts = true, .learning = 0.1F},
              std::make_unique<MeanModel>(MeanModel::Around::kFasterMean, options.half_life));
}

Made Novelty(const DetectorOptions& options, absl::TimeZone /*zone*/) {
  return std::make_unique<NoveltyDetector>(options);
}

// What fits a series of this shape.
Made ForShape(Shape shape, const DetectorOptions& options) {
  absl::TimeZone zone;
  absl::LoadTimeZone(options.time_zone, &zone);
  switch (shape) {
    case Shape::kConstant:
      return Mad(options, zone);
    case Shape::kCounter: {
      DetectorOptions of_rates = options;
      of_rates.data_min.reset();  // bounds of the value say nothing about its increase
      of_rates.data_max.reset();
      return std::make_unique<IncreaseDetector>(Seasonal(of_rates, zone));
    }
    case Shape::kDiscrete:
      return Novelty(options, zone);
    case Shape::kSpiky:  // the edge stretches until the risk holds; quantiles alarmed more often
    case Shape::kUnclear:
    case Shape::kSeasonal:
      return Seasonal(options, zone);
  }
  return Seasonal(options, zone);
}

Made Auto(const DetectorOptions& options, absl::TimeZone zone) {
  return std::make_unique<AutoDetector>(options, zone, ForShape);
}

struct Row {
  std::string_view name;
  Made (*make)(const DetectorOptions& options, absl::TimeZone zone);
};

constexpr std::array kTable = {
    Row{kDefaultDetector, Seasonal},
    Row{"quantile", Quantile},
    Row{"mad", Mad},
    Row{"zscore", ZScore},
    Row{"level_shift", LevelShift},
    Row{"novelty", Novelty},
    Row{"auto", Auto},
};

Status Refuse(std::string_view option, double value, std::string_view expected) {
  return InvalidArgument(
      fmt::format("{} is {}: expected {}", option, FormatFloatG(value), expected));
}

Status CheckRange(const DetectorOptions& o) {
  for (const auto& [name, bound] :
       {std::pair{"data_min", o.data_min}, std::pair{"data_max", o.data_max}}) {
    if (bound && !std::isfinite(*bound)) return Refuse(name, *bound, "a finite number");
  }
  if (o.data_min && o.data_max && *o.data_min >= *o.data_max) {
    return Refuse("data_max", *o.data_max, "more than data_min");
  }
  return absl::OkStatus();
}

}  // namespace

Status CheckDetectorOptions(const DetectorOptions& o) {
  if (std::isnan(o.risk) || o.risk < 1e-9 || o.risk > 0.01)
    return Refuse("risk", o.risk, "1e-9 to 0.01");
  if (o.threshold && (!std::isfinite(*o.threshold) || *o.threshold <= 0)) {
    return Refuse("threshold", *o.threshold, "a number above 0");
  }
  if (!std::isfinite(o.min_deviation) || o.min_deviation <= 0) {
    return Refuse("min_deviation", o.min_deviation, "a number above 0");
  }
  if (!std::isfinite(o.min_relative_deviation) || o.min_relative_deviation < 0) {
    return Refuse("min_relative_deviation", o.min_relative_deviation, "a number of at least 0");
  }
  TRY(CheckRange(o));
  if (o.half_life < kMinute) return InvalidArgument("half_life: expected a minute or more");
  if (o.warm_up < 0) return InvalidArgument("warm_up: expected a duration of at least 0");
  if (o.rest < 0) return InvalidArgument("rest: expected a duration of at least 0");
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(o.time_zone, &zone)) {
    return InvalidArgument(
        fmt::format("time_zone {}: not known here; expected an IANA name such as Europe/Berlin",
                    Quote(o.time_zone)));
  }
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<SeriesDetector>> MakeSeriesDetector(std::string_view name,
                                                             const DetectorOptions& options) {
  const auto row =
      std::ranges::find_if(kTable, [&](const Row& r) { return name.empty() || r.name == name; });
  if (row == kTable.end()) {
    return InvalidArgument(fmt::format("detector {} is not known; there are {}", Quote(name),
                                       Join(SeriesDetectorNames(), ", ")));
  }
  TRY(CheckDetectorOptions(options));
  absl::TimeZone zone;
  absl::LoadTimeZone(options.time_zone, &zone);
  return row->make(options, zone);
}

std::vector<std::string> SeriesDetectorNames() {
  std::vector<std::string> names;
  names.reserve(kTable.size());
  for (const Row& row : kTable) names.emplace_back(row.name);
  return names;
}

}  // namespace outrider
