// SPDX-License-Identifier: Apache-2.0
// `auto`: begins as the default, looks at the series, and takes the detector that fits what it
// sees; looks again once a week. A newly chosen detector runs beside the old one until it can say
// something; where another shape asks for the same detector, that goes on with all it has learnt.
#pragma once

#include <memory>
#include <string>

#include "rules/detect/detector_options.h"
#include "rules/detect/local_time.h"
#include "rules/detect/series_detector.h"
#include "rules/detect/series_shape.h"

namespace outrider {

class AutoDetector final : public SeriesDetector {
 public:
  // A detector for series of this shape; the same one for the same shape, and for kUnclear, kSpiky
  // and kSeasonal.
  using Factory = std::unique_ptr<SeriesDetector> (*)(Shape shape, const DetectorOptions& options);

  // `options` were checked; `factory` is static.
  AutoDetector(const DetectorOptions& options, absl::TimeZone zone, Factory factory);
  Verdict Observe(Timestamp time, double value) override;
  Explanation Explain() const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const override;

 private:
  void Look();
  std::unique_ptr<SeriesDetector> Saved(Shape shape, RowReader& in) const;

  DetectorOptions options_;
  Factory factory_;
  LocalTime local_time_;
  SeriesShape look_;
  DurationMs looked_at_ = 0;  // span of the series at the last look; 0: none yet
  Shape shape_ = Shape::kUnclear;
  std::unique_ptr<SeriesDetector> chosen_;
  std::string because_;
  Shape next_shape_ = Shape::kUnclear;
  std::unique_ptr<SeriesDetector> next_;  // chosen, still warming up
};

}  // namespace outrider
