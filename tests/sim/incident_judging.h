// SPDX-License-Identifier: Apache-2.0
// The parts of a judgement of one run; incident_judge.cc has the whole of it, incident_pages.cc
// who had to be paged, and why somebody was not.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/incident_model.h"

namespace outrider::sim {

// How long a page may take for which nothing stands in the way.
inline constexpr int64_t kSlack = 100 * kSec;

class Judging {
 public:
  explicit Judging(const RunLog& log) : log_(log), model_(log) {}
  Verdict Run();

 private:
  // Somebody who has to hear of a step: one of the receivers, since `due`.
  struct Demand {
    const Case& incident;
    const Stretch& stretch;
    const Step* step;
    int number = 0;  // of the step
    int round = 0;
    Nanos due = 0;
    Nanos earliest = 0;  // had nothing held it up
    std::string target = {};
    bool anybody = false;       // of those that the target means
    std::string receiver = {};  // else
  };

  void CollectAbsences();
  void CollectSetBacks();
  void JudgeKeys();
  void JudgeEnds();
  void JudgeMisses(const Case& incident, const Shown& shown);
  void JudgeDeeds();
  void JudgeStretch(const Case& incident, const Stretch& stretch);
  void JudgeWho(const Stretch& stretch, const Attempt& attempt);
  void JudgeRefusals(const Case& incident, const Stretch& stretch);
  void JudgeDemand(const Demand& demand);
  std::vector<Demand> DemandsOf(const Case& incident, const Stretch& stretch) const;
  Nanos DueOf(const Case& incident, const Stretch& stretch, int64_t delay) const;
  bool IsMet(const Demand& demand, const std::set<std::string>& receivers, Nanos by) const;
  bool IsExcused(const Demand& demand, const std::set<std::string>& receivers, Nanos time) const;
  bool IsExcused(const Demand& demand, const std::string& receiver, Nanos time) const;
  bool IsLaneExcused(const Demand& demand, const Person* person, const std::string& lane,
                     Nanos time) const;
  bool IsQuiet(const Demand& demand, const Person& person, Nanos time) const;
  bool WaitsForMorning(const Case& incident, const Stretch& stretch, Nanos time) const;
  Nanos WaitsFrom(const Demand& demand) const;
  bool IsSaturated(const Setup& setup, const std::string& lane, Nanos time) const;
  bool WaitsForOthers(const Demand& demand, const std::string& lane, Nanos time) const;
  bool IsAway(const Case& incident, Nanos time) const;
  bool SaidSo(const Case& incident, Nanos from, Nanos to) const;
  bool MayBeNobody(const Demand& demand, Nanos by) const;
  // What the model says is by the clock as it was set last; what was written down, by what the
  // clock showed then.
  Nanos Wall(Nanos time) const;
  Nanos TimeOf(const Attempt& attempt) const;
  // What the clock showed from then to then, piece by piece.
  std::vector<Period> WallPieces(Nanos from, Nanos to) const;
  Nanos TakenAt(const Case& incident, const Stretch& stretch, const Demand& demand) const;
  static bool WasHeldIn(const Case& incident, const Stretch& stretch);
  bool IsEdited(const Stretch& stretch, const std::string& receiver) const;
  std::vector<SetupPtr> SetupsOf(const Stretch& stretch) const;
  std::vector<const Attempt*> AttemptsOf(const Case& incident, const Stretch& stretch) const;
  const Shown* ShownOf(const Case& incident) const;
  void Problem(std::string text) { verdict_.problems.push_back(std::move(text)); }

  const RunLog& log_;
  IncidentModel model_;
  Verdict verdict_;
  std::vector<Period> absences_;                     // the process was dead, or the clock jumped
  std::map<std::string, std::vector<Nanos>> tries_;  // by lane, by the clock as it was set last
  struct SetBack {
    Nanos time = 0;  // by the clock as it was set last
    int64_t by = 0;
  };
  std::vector<SetBack> set_backs_;    // in order
  std::vector<Nanos> attempt_times_;  // the same clock
};

inline std::string TellOf(const Case& incident) {
  return fmt::format("{} ({})", incident.id, incident.key);
}

}  // namespace outrider::sim
