// SPDX-License-Identifier: Apache-2.0
// What should have happened in an incident world, computed from its log by rules as
// docs/incidents.md, docs/sla.md and docs/around.md state them, without the code under test: which
// incidents there were, when they were new and unanswered, when their clocks were missed.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/incident_log.h"

namespace outrider::sim {

inline constexpr int kFirstBeat = 1000;  // numbers of alerts that heartbeats are

// A clock: what has counted since it began, without pauses.
struct MissClock {
  Nanos started = 0;
  int64_t target = 0;
  int64_t paused = 0;
  Nanos paused_since = 0;  // 0: it goes
  bool running = false;
  bool missed = false;

  int64_t Elapsed(Nanos now) const;
};
struct Miss {
  std::string clock;  // acknowledge, resolve
  Nanos time = 0;
  size_t place = 0;  // the fact by which it was noticed
};

// A time in which an incident was new and nobody had put it off: its ladder is climbed. Or one
// after an answer in which it became worse: that is told to who takes care of it.
struct Stretch {
  Nanos start = 0;
  Nanos end = 0;      // 0: it lasts
  Nanos noticed = 0;  // when the process was there to see it begin
  Nanos latest = 0;   // the latest time the clock on the wall has shown in it
  size_t first = 0;   // facts
  size_t last = 0;
  Ladder ladder;
  Severity severity = Severity::kMedium;
  bool rise = false;                // after an answer
  std::set<std::string> told = {};  // receivers that may hear of the rise, and of those before it
};
struct Period {
  Nanos from = 0;
  Nanos to = INT64_MAX;
};

enum class Phase : uint8_t { kNew, kAcknowledged, kInvestigating, kResolved };

struct Case {  // an incident
  std::string id;
  std::string key;
  bool by_hand = false;
  Severity severity = Severity::kMedium;
  Phase phase = Phase::kNew;
  std::string moved_by;
  std::string assignee;
  std::set<std::string> paged;  // receivers, since it opened last
  Nanos received = 0;
  Nanos resolved = 0;
  bool resolved_by_person = false;
  Nanos last_alert = 0;
  int touched = 0;  // when it was closed or heard of an alert last, in the order of what happened
  bool answered = false;  // ever
  std::set<int> firing;
  Nanos snoozed = 0;
  Case* whole = nullptr;  // that it is a part of
  bool forced = false;    // told by hand although it is taken care of
  bool on_hold = false;
  bool in_works = false;
  bool snooze_pause = false;
  Nanos ask_at = 0;
  int asked = 0;            // how often
  Nanos fires_on_from = 0;  // an edit then asked for it to be opened again if it fires on
  Nanos unanswered_at = 0;  // who was asked has until then
  std::optional<Ladder> ladder;
  bool by_name = false;  // a person named the ladder: it stays
  MissClock answer;
  MissClock mend;
  std::vector<Miss> misses;
  std::vector<Stretch> stretches;
  // All its alerts were silenced or in maintenance, or an outage explains them.
  std::vector<Period> held;
  bool is_held = false;  // the last of them goes on

  bool Open() const { return phase != Phase::kResolved; }
  bool Climbs() const { return !stretches.empty() && stretches.back().end == 0; }
};

class IncidentModel {
 public:
  explicit IncidentModel(const RunLog& log);
  void Replay();

  const std::deque<Case>& cases() const { return cases_; }
  const std::vector<std::string>& problems() const { return problems_; }
  // In force at the time of the fact.
  const std::vector<std::pair<size_t, SetupPtr>>& setups() const { return setups_; }

 private:
  struct Signal {  // an alert
    std::string key;
    bool told = false;
    bool waits = false;
    Nanos settles = 0;
    Case* of = nullptr;
  };
  struct Silent {
    std::string token;
    std::string name;
    Nanos from = 0;
    Nanos to = 0;
    Nanos edge = 0;        // its end, until the process has noticed
    bool by_hand = false;  // it was ended so
  };
  struct Pulse {
    Nanos heard = 0;
    Nanos since = 0;  // when it was waited for from, without a beat
    bool missing = false;
  };

  // ---- facts and timers (incident_model.cc)
  void Apply(const Fact& fact);
  void Touch(Case& incident);
  void ApplySetup(const Fact& fact, bool start);
  void SetBack(int64_t by, Nanos now);
  bool IsWritten(const Case& incident, const std::string& clock, Nanos time) const;
  Nanos FiresOnAt(const Case& incident) const;
  void NoteReopened(Nanos lived);
  void NoteWritten(Nanos lived);
  void ForgetLost();
  void ReviseEdges(Nanos now);
  void ReviseFiresOn(int64_t minutes_before, Nanos now);
  void Tick(Nanos now);
  bool RunEarliest(Nanos now);
  bool AskThoseDue(Nanos now);
  Nanos AskedAt(const Case& incident, Nanos now) const;
  void OnAttempt(const Attempt& attempt);
  void Began(int number, Nanos now);
  void Feed(int number, Nanos now);
  void Ended(int number, Nanos now);
  void RecheckWaiting(Nanos now);
  void RecheckWorks(Nanos now);
  void RecheckWorksOf(Case& incident, Nanos now);
  void NoteHeld(Nanos now);
  bool IsSilenced(int number, Nanos now) const;
  bool InWorks(int number, Nanos now) const;
  bool Explained(const Case& incident, Nanos now) const;
  const Works* FindWorks(const std::string& name) const;
  void OnWorksEdge(const std::string& name, Nanos due);
  Severity SeverityOf(int number) const;
  const std::string& KeyOf(int number) const { return signals_.at(number).key; }
  bool IsOnRecord(const std::string& key, Nanos time) const;
  std::string IdOf(const Case& incident) const;
  Case* Find(const std::string& id);
  Case* Newest(const std::string& key);
  void Deedful(const Fact& fact);

  // ---- what happens to a case (incident_cases.cc)
  Case& Open(const std::string& key, Severity severity, bool by_hand, Nanos now);
  void Join(Case& incident, int number, Nanos now);
  void Reopen(Case& incident, int number, Nanos now);  // -1: no alert
  void Close(Case& incident, bool by_person, const std::string& who, Nanos now);
  void CloseIfOver(Case& incident, Nanos now);
  void Answer(Case& incident, Nanos now);
  void Move(Case& incident, Phase to, const std::string& who, Nanos now);
  void Respond(Case& incident, Phase to, const std::string& who, Nanos now);
  void FollowWhole(Case& part, Phase to, const std::string& who, Nanos now);
  bool TakeLadder(Case& incident);
  void Worsen(Case& incident, Severity severity, Nanos now);
  void SetSeverity(Case& incident, const Fact& fact);
  void Retarget(Case& incident, Nanos now);
  bool Wake(Case& incident, Nanos now);
  void Snooze(Case& incident, Nanos until, Nanos now);
  void Merge(Case& part, Case& whole, const std::string& who, Nanos now);
  void Unmerge(Case& part, Nanos now);
  void AskLater(Case& incident, Nanos now);
  void Climb(Case& incident, Nanos now);
  void StopClimbing(Case& incident, Nanos now);
  void TellRise(Case& incident, const std::string& by, Nanos now);
  void Pause(Case& incident, bool Case::* reason, Nanos now);
  void Resume(Case& incident, bool Case::* reason, Nanos now);
  void Catch(Case& incident, MissClock Case::* clock, Nanos now);
  void Stop(Case& incident, MissClock Case::* clock, Nanos now);
  void GoOn(Case& incident, MissClock Case::* clock, Nanos closed_at, Nanos now);
  void MissNow(Case& incident, MissClock Case::* clock, Nanos time);

  void Problem(std::string text) { problems_.push_back(std::move(text)); }

  const RunLog& log_;
  SetupPtr setup_;
  std::vector<std::pair<size_t, SetupPtr>> setups_;
  std::deque<Case> cases_;  // in the order in which they opened
  std::map<int, Signal> signals_;
  std::vector<Silent> silences_;
  std::map<std::string, Works> api_works_;
  std::map<std::string, Pulse> pulses_;
  std::map<std::string, Nanos> edges_;  // when windows begin or end next
  Nanos outage_until_ = 0;
  size_t place_ = 0;  // of the fact at hand
  Nanos wall_ = 0;
  int64_t set_back_ = 0;  // last, by so much
  Nanos turned_ = 0;
  int turn_ = 0;  // counts moments, however the clock is set
  std::vector<std::string> problems_;
};

// Everything that was wrong in the run.
struct Verdict {
  std::vector<std::string> problems;
  int demands = 0;  // pages that had to come …
  int excused = 0;  // … and for which there was no way
  int cases = 0;
  int misses = 0;
};
Verdict Judge(const RunLog& log);
void Print(const RunLog& log);

}  // namespace outrider::sim
