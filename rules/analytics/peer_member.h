// SPDX-License-Identifier: Apache-2.0
// Anomalies among like series: at every report the newest values of a group are compared with each
// other (rules/detect/peers.h). The past plays no part but for where an anomaly began.
#pragma once

#include <span>

#include "rules/analytics/detector.h"
#include "rules/detect/series_detector.h"

namespace outrider {

// Outputs as AnomalyDetector; none while its group has fewer than three series.
class PeerMember final : public Detector {
 public:
  void Observe(Timestamp /*time*/, double value) override { value_ = value; }
  void Report(Timestamp now, std::span<double> out) const override;
  void Save(RowWriter& out) const override { out.Double(value_).Bool(above_); }
  void Load(RowReader& in) override {
    value_ = in.Double();
    above_ = in.Bool();
  }
  PeerMember* AsPeer() override { return this; }

  // The group: series with the same values of the entry's peer_labels.
  void Join(const Labels& labels, const Entry& entry);
  uint64_t group() const { return group_; }
  double value() const { return value_; }
  // The verdict's onset is the report at which its state leaves the group.
  void Judge(Verdict verdict);

 private:
  double value_ = 0;
  uint64_t group_ = 0;
  Verdict verdict_;
  bool above_ = false;  // at the last judgement
};

// Compares the members of each group.
void JudgeByPeers(const DetectorOptions& options, std::span<PeerMember*> members);

}  // namespace outrider
