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
  void Observe(Timestamp time, double value) override {
    time_ = time;
    value_ = value;
    ++samples_;
  }
  void Report(Timestamp now, std::span<double> out) const override;
  std::optional<Explanation> Explain() const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  PeerMember* AsPeer() override { return this; }

  // The group: series with the same values of the entry's peer_labels.
  void Join(const Labels& labels, const Entry& entry);
  uint64_t group() const { return group_; }
  double value() const { return value_; }
  // What its group says of it.
  struct Judgement {
    Verdict verdict;   // without an onset: that is the report at which its state leaves the group
    double scale = 0;  // of the group
    size_t members = 0;
  };
  void Judge(const Judgement& judgement);

 private:
  Timestamp time_ = 0;
  double value_ = 0;
  uint64_t samples_ = 0;
  uint64_t group_ = 0;
  Judgement judged_;
  bool above_ = false;   // at the last judgement
  Timestamp since_ = 0;  // newest sample when it left the group; 0: it is in it
};

// Compares the members of each group.
void JudgeByPeers(const DetectorOptions& options, std::span<PeerMember*> members);

}  // namespace outrider
