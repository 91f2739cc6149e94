// SPDX-License-Identifier: Apache-2.0
// A day or less of incidents, by seed: alerts, people, edits of the configuration, clocks that are
// set, contact methods that are dead, and crashes, against the real desk and dispatcher in virtual
// time. What happened is written down (incident_log.h); whether it was right, the model says
// (incident_model.h).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "notifiers/desk/desk.h"
#include "notifiers/desk/directory.h"
#include "storage/state/faulty_store.h"
#include "storage/state/memory_store.h"
#include "tests/sim/contact_world.h"

namespace outrider::sim {

struct CrashPoint {
  uint64_t commits = 0;  // of the life it ends
  StoreFault fault = StoreFault::kCrashAfter;
  bool power_cut = false;  // un-synced commits are lost as well
};

// What somebody does to the rows behind the product's back.
enum class Tampering : uint8_t { kNone, kAuditRow, kSlaTimers, kGapsUnsaid };

struct WorldPlan {
  uint64_t seed = 1;
  int hours = 6;
  int steps = 120;
  int tail_hours = 3;  // in which nothing happens but what follows
  std::vector<CrashPoint> crashes;
  bool sets_clock = false;
  ContactFaults contacts;
  DeskFaults faults;
  Tampering tampering = Tampering::kNone;
};
// Crashes and changes of the clock by the seed, too.
WorldPlan PlanOf(uint64_t seed);

// The wall's clock can be set, the other one goes on.
class WallClock final : public Clock {
 public:
  Nanos NowNanos() const override { return steady + offset; }
  int64_t MonotonicNanos() const override { return steady; }
  int64_t ThreadCpuNanos() const override { return 0; }
  bool SleepUntil(Nanos /*deadline*/, std::stop_token /*stop*/) const override { return true; }
  Nanos steady = 0;
  int64_t offset = 0;
};

class IncidentWorld {
 public:
  explicit IncidentWorld(const WorldPlan& plan);
  RunLog Run();

 private:
  // ---- the process (incident_world.cc)
  void Start();
  void CutPower();  // between two lives
  void Restart();
  bool Crashed() const { return faulty_->crashed(); }
  void Settle();
  void Advance(Nanos until);
  void Sleep(Nanos* until);
  void CheckOnCall();
  void Show();
  void Tamper();
  StatusOr<DeskConfig> Configured(const Setup& file, const DirectoryObjects& objects);
  // The setup with the covers of the directory that are there.
  SetupPtr InForce(const Setup& file, const DirectoryObjects& objects) const;

  // ---- what happens (incident_deeds.cc)
  void Happen();
  void ChangeAlerts();
  void EvaluateRules();
  void Act(const std::string& incident, bool quick);
  void Perform(Fact fact);
  Desk::IncidentResult Do(const Fact& fact, const HumanAction& human, Nanos now);
  Fact RandomDeed(const std::string& incident, bool quick);
  void CreateByHand();
  void ChangeSilences();
  void ChangeWorks();
  void SendBeat();
  bool PutInForce(const char* subject, SetupPtr setup, DeskConfig config, Batch rows);
  void ReloadFile();
  void EditDirectory();
  void ChangeTrouble();
  void SetClock();
  // What the desk says of clocks that were set back, since this was asked last: by how much in all.
  int64_t NoteSetBack();
  std::string RandomIncident();
  // Facts whose batch was cut off: which of them are in the record.
  void FindOut(int64_t set_back);
  void FindOutAlerts();
  bool IsOnRecord(const Fact& fact, int64_t set_back) const;
  void Note(Fact fact) { log_.facts.push_back(std::move(fact)); }
  // The outcome of what has just been noted at `place`.
  void Conclude(size_t place, const Status& status);

  void Problem(std::string text) { log_.problems.push_back(std::move(text)); }
  std::string Token() { return fmt::format("#{}.", ++tokens_); }
  Nanos Now() const { return clock_.NowNanos(); }

  const WorldPlan plan_;
  RunLog log_;
  SeededRandom random_;
  SeededRandom desk_random_{7};
  WallClock clock_;
  ContactWorld contacts_;
  MemoryStore disk_;
  bool power_cut_ = false;  // since the last start
  std::unique_ptr<FaultyStore> faulty_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Dispatcher> dispatcher_;
  size_t lives_ = 0;
  Setup file_;  // as it is on the disk
  Setup good_;  // the last one that was accepted
  DirectoryObjects objects_;
  SetupPtr setup_;                               // in force
  std::map<std::string, Cover> covers_;          // that were ever sent to the directory, by id
  std::vector<size_t> open_;                     // facts that a crash left open
  std::map<int, Nanos> firing_;                  // the truth: alerts by number, since when
  std::map<std::string, std::string> silences_;  // ids by token
  std::vector<std::string> works_;               // windows made by API
  int64_t batches_ = 0;
  int tokens_ = 0;
  Nanos up_at_ = 0;  // steady; 0: it is up
  Nanos gap_seen_ = 0;
  size_t set_backs_ = 0;   // that the desk has told of
  int64_t sets_back_ = 0;  // the clock was, and the desk did not tick since
  bool inside_ = false;    // an attempt
};

}  // namespace outrider::sim
