// SPDX-License-Identifier: Apache-2.0
// Anomalies among like series: at every report the newest values of a group are compared with each
// other (rules/detect/peers.h). The past says how far apart the group usually is and how rare a
// distance of this member is.
#pragma once

#include <span>

#include "rules/analytics/detector.h"
#include "rules/detect/distance_judge.h"
#include "rules/detect/fade.h"
#include "rules/detect/peers.h"
#include "rules/detect/series_detector.h"

namespace outrider {

// Outputs as AnomalyDetector; none while its group has fewer than three series.
class PeerMember final : public Detector {
 public:
  explicit PeerMember(const DetectorOptions& options);
  void Observe(Timestamp time, double value) override {
    time_ = time;
    value_ = value;
    judged_ = false;
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
  // How far apart its group was of late; 0: nothing is known.
  double usual() const { return usual_; }
  bool knows_usual() const { return usual_count_ >= kKnown; }
  // `usual`: of the group, now and of late. A sample teaches once, however often it is judged.
  void Judge(const PeerGroup& group, double usual, size_t members);
  bool is_odd() const { return verdict_.state >= 1; }
  // After Judge(): how far apart the group is now. Teaches only while it `agrees`, once the usual
  // is known.
  void Remember(const PeerGroup& group, bool agrees);

 private:
  static constexpr DurationMs kMemory = kHour;
  static constexpr uint64_t kKnown = 60;  // samples, from which on the usual one is known

  Timestamp time_ = 0;
  double value_ = 0;
  uint64_t samples_ = 0;
  uint64_t group_ = 0;
  bool judged_ = false;  // the newest sample
  double usual_ = 0;
  uint64_t usual_count_ = 0;
  Fade fade_{kMemory};
  DistanceJudge judge_;
  // Of the newest judgement.
  Timestamp judged_time_ = 0;
  Verdict verdict_;
  double scale_ = 0;
  size_t members_ = 0;
};

// Compares the members of each group.
void JudgeByPeers(std::span<PeerMember*> members);

}  // namespace outrider
