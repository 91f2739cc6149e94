// SPDX-License-Identifier: Apache-2.0
// A detector of rules/detect as an entry's detector.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "rules/analytics/detector.h"
#include "rules/detect/series_detector.h"

namespace outrider {

// The outputs of every anomaly entry: score (the state), onset score, expected, lower, upper.
inline constexpr size_t kAnomalyOutputs = 5;
std::vector<DerivedOutput> AnomalyOutputs(const Entry& entry);
// In that order.
void WriteVerdict(const Verdict& verdict, std::span<double> out);

class AnomalyDetector final : public Detector {
 public:
  explicit AnomalyDetector(std::unique_ptr<SeriesDetector> series) : series_(std::move(series)) {}
  void Observe(Timestamp time, double value) override;
  // The newest verdict, but the highest onset since the last report: samples may come faster than
  // reports.
  void Report(Timestamp now, std::span<double> out) const override;
  void Reported() override { told_ = true; }
  std::optional<Explanation> Explain() const override { return series_->Explain(); }
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;

 private:
  std::unique_ptr<SeriesDetector> series_;
  Verdict newest_;
  double onset_ = Verdict::kUnknown;  // what the next report tells
  bool told_ = false;                 // it has been told, and there was no sample since
};

}  // namespace outrider
