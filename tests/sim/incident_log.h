// SPDX-License-Identifier: Apache-2.0
// What happened in an incident world, in order: what people and alerts did and were told it was
// done, starts and ticks of the process, attempts to send. The model is computed from this alone.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "notifiers/incident/audit.h"
#include "tests/sim/incident_setup.h"

namespace outrider::sim {

struct PoolAlert {
  const char* name;
  const char* service;
  const char* instance;
  Severity severity;
};
// Alerts that may fire. Down of redis is the outage on which Down of api and web hang.
inline constexpr PoolAlert kPool[] = {
    {"Down", "redis", "0", Severity::kCritical}, {"Down", "api", "0", Severity::kHigh},
    {"Down", "web", "0", Severity::kMedium},     {"Disk", "db", "0", Severity::kLow},
    {"Disk", "db", "1", Severity::kHigh},        {"Disk", "web", "0", Severity::kMedium},
    {"Slow", "api", "0", Severity::kMedium},     {"Slow", "api", "1", Severity::kCritical},
    {"Slow", "web", "0", Severity::kInfo},       {"Queue", "mq", "0", Severity::kMedium},
    {"Queue", "mq", "1", Severity::kMedium},     {"Queue", "db", "0", Severity::kHigh},
};
inline constexpr int kPoolSize = static_cast<int>(std::size(kPool));

enum class FactKind : uint8_t {
  kStart,    // the process is up, with `setup`
  kCrash,    // it is dead
  kClock,    // the clock on the wall was set, from `until`
  kSetBack,  // the desk noticed that it was set back, from `until`
  kTick,     // all timers due by then were run
  kBegan,    // of alert `number`, in the batch `batch`
  kEnded,
  kDeed,     // of a person
  kSetup,    // reloaded
  kSilence,  // of all alerts named `other`, until `until`; `token` names it
  kUnsilence,
  kWorks,  // a maintenance window by API, named `token`
  kWorksEnd,
  kBeat,     // of the heartbeat named `other`
  kAttempt,  // number `number`
};

enum class Deed : uint8_t {
  kAcknowledge,
  kInvestigate,
  kResolve,
  kReopen,
  kUnacknowledge,
  kSeverity,
  kSnooze,
  kWake,
  kMerge,
  kUnmerge,
  kAssign,
  kNote,
  kConfirm,
  kEscalate,
  kForce,
  kReapply,
  kHold,
  kUnhold,
  kCreate,
};
inline constexpr int kDeedCount = 19;

struct Fact {
  FactKind kind = FactKind::kTick;
  Nanos time = 0;             // of the clock on the wall
  std::string incident = {};  // id, as the product gave it
  std::string other = {};     // another incident's id, a policy, a name
  std::string who = {};
  Deed deed = Deed::kNote;
  Severity severity = Severity::kMedium;
  int number = 0;
  int64_t batch = 0;
  Nanos until = 0;
  std::string token = {};  // stands in the record of what a person did
  SetupPtr setup = {};
  Works works = {};
  std::map<std::string, Nanos> waited = {};  // kStart: since when the desk waits for heartbeats
  bool power_cut = false;                    // kStart: what was not synced before is lost
  bool lost = false;                         // it was refused, or a crash took it back
  bool kept = false;                         // its token stood in the record at once
};

struct Attempt {
  enum class Result : uint8_t { kDelivered, kRetry, kRejected } result = Result::kDelivered;
  Nanos time = 0;
  std::string receiver;
  std::string method;  // kind
  std::string key;
  std::string reason;
  std::string incident;           // "": no page
  std::set<std::string> bundled;  // other incidents that the message tells of
  bool idempotent = false;
  bool repeat = false;
  bool recovery = false;
  int crashes = 0;  // of the process so far

  bool Asks() const { return reason == "acknowledgement to confirm"; }
  bool TellsRise() const { return reason == "severity raised"; }
  bool Pages() const { return !incident.empty() && !recovery && !Asks(); }
  std::string Lane() const { return receiver + "/" + method; }
};

// While it lasts, a contact method or receiver does not take messages.
struct Trouble {
  std::string lane;
  Nanos from = 0;
  Nanos to = 0;
  Attempt::Result result = Attempt::Result::kRetry;
  int64_t retry_after_ms = 0;
};

// An incident at the end of the run, as the product shows it.
struct Shown {
  std::string id;
  std::string key;
  Nanos received_at = 0;
  std::string state;
  std::vector<AuditEvent> events;
};

struct RunLog {
  std::vector<Fact> facts;
  std::vector<Attempt> attempts;
  std::vector<Trouble> troubles;
  std::vector<Shown> incidents;  // without those of schedules' warnings
  std::vector<std::string> problems;
  Nanos end = 0;         // of the clock on the wall
  uint64_t commits = 0;  // over all lives
  int crashes = 0;
  bool set_back = false;  // the clock was, at some time
};

}  // namespace outrider::sim
