// SPDX-License-Identifier: Apache-2.0
// The life of the process in an incident world: starts, crashes, the passing of time.
#include "tests/sim/incident_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/incidents_node.h"
#include "notifiers/desk/own_alerts.h"
#include "notifiers/oncall/schedule_config.h"
#include "notifiers/outbox/dispatcher.h"

namespace outrider::sim {
namespace {

constexpr Nanos kBegin = 1'790'000'000LL * kSec;  // some day at 14:13:20
constexpr int kMostRounds = 2000;

std::string KeyOf(const Incident& incident) {
  const auto label = [&](const char* name) { return std::string(incident.labels.Get(name)); };
  return fmt::format("{}/{}/{}", label("alertname"), label("service"), label("heartbeat"));
}

Trouble RandomTrouble(const Setup& setup, SeededRandom& random, Nanos from) {
  Trouble trouble;
  const auto who = static_cast<size_t>(Below(random, static_cast<int>(setup.people.size()) + 2));
  if (who >= setup.people.size()) {
    trouble.lane = who == setup.people.size() ? "pager/webhook" : "backup/webhook";
  } else {
    const Person& person = setup.people[who];
    const std::string method =
        person.methods.empty() ? "ntfy" : person.methods[random.Next() % person.methods.size()];
    trouble.lane = fmt::format("user:{}/{}", person.name, method);
  }
  trouble.from = from;
  trouble.to = from + (1 + Below(random, Chance(random, 0.2) ? 300 : 30)) * kMin;
  const int kind = Below(random, 4);
  trouble.result = kind == 0 ? Attempt::Result::kRejected : Attempt::Result::kRetry;
  if (kind == 1) trouble.retry_after_ms = (5 + Below(random, 300)) * kSecond;
  return trouble;
}

}  // namespace

WorldPlan PlanOf(uint64_t seed) {
  SeededRandom random(seed * 7919 + 5);
  WorldPlan plan;
  plan.seed = seed;
  plan.hours = 2 + Below(random, 8);
  plan.steps = 40 + Below(random, 120);
  const int crashes = Chance(random, 0.2) ? 0 : 1 + Below(random, 6);
  for (int i = 0; i < crashes; ++i) {
    CrashPoint crash;
    crash.commits = static_cast<uint64_t>(1 + Below(random, Chance(random, 0.3) ? 6 : 200));
    crash.fault = Chance(random, 0.5) ? StoreFault::kCrashAfter : StoreFault::kCrashBefore;
    crash.power_cut = Chance(random, 0.4);
    plan.crashes.push_back(crash);
  }
  plan.sets_clock = Chance(random, 0.4);
  return plan;
}

IncidentWorld::IncidentWorld(const WorldPlan& plan)
    : plan_(plan), random_(plan.seed), contacts_(clock_, log_, plan.contacts) {
  clock_.steady = kBegin + Below(random_, 48) * kHr + Below(random_, 1'000'000'000);
  good_ = file_ = RandomSetup(random_, Now());
  if (plan.tampering == Tampering::kGapsUnsaid) good_.warns_of_gaps = file_.warns_of_gaps = false;
  for (int i = 0; i < 4; ++i) {
    log_.troubles.push_back(
        RandomTrouble(file_, random_, Now() + Below(random_, plan.hours * 60) * kMin));
  }
  contacts_.SetAlive([this] { return !Crashed(); });
  contacts_.SetDuring([this](const std::string& incident) {
    if (inside_ || !Chance(random_, 0.05)) return;
    inside_ = true;
    Act(incident, /*quick=*/true);
    inside_ = false;
  });
}

StatusOr<DeskConfig> IncidentWorld::Configured(const Setup& file, const DirectoryObjects& objects) {
  const std::string name = "incidents.yml";
  const DirectoryMerge merge = TRY(MergeDirectory(TRY(ParseYaml(FileText(file), name)), objects));
  DeskConfig config;
  config.incidents = TRY(ParseIncidentsNode(merge.root, name));
  std::set<std::string> users;
  for (const UserConfig& user : config.incidents.users) users.insert(user.name);
  config.schedules = TRY(ParseSchedules(&config.incidents.schedules, name, users));
  config.around = TRY(ParseAround(config.incidents));
  config.alertmanager.route.receiver = "team";
  config.alertmanager.route.key = "{}";
  config.alertmanager.route.group_by = {"alertname"};
  config.receivers = contacts_.MakeReceivers(file);
  config.external_url = "http://outrider";
  LanePolicy lane;
  lane.fallback_receiver = "backup";
  config.delivery.receivers["user:anna"] = lane;
  return config;
}

SetupPtr IncidentWorld::InForce(const Setup& file, const DirectoryObjects& objects) const {
  auto setup = std::make_shared<Setup>(file);
  for (Timetable& table : setup->timetables) {
    std::erase_if(table.covers, [](const Cover& cover) { return !cover.id.empty(); });
    for (const auto& [key, object] : objects) {
      if (IsOfSchedule(object.kind) && object.schedule == table.name) {
        table.covers.push_back(covers_.at(object.name));
      }
    }
  }
  return setup;
}

void IncidentWorld::Start() {
  const StatusOr<DirectoryObjects> objects = LoadDirectory(*faulty_);
  if (!objects.ok()) return;
  objects_ = *objects;
  StatusOr<DeskConfig> config = Configured(file_, objects_);
  if (!config.ok()) {  // a start refuses it: somebody puts the old file back
    file_ = good_;
    config = Configured(file_, objects_);
  }
  if (!config.ok()) return Problem("configuration: " + Message(config.status()));
  good_ = file_;
  setup_ = InForce(file_, objects_);
  StatusOr<std::unique_ptr<Desk>> desk =
      Desk::Load(*faulty_, desk_random_, *std::move(config), Now(), plan_.faults);
  if (!desk.ok()) {
    if (!Crashed()) Problem("start: " + Message(desk.status()));
    return;
  }
  if (Crashed()) return;  // of what it wrote last: nobody can ask it what is there
  desk_ = *std::move(desk);
  desk_->Watch(clock_);
  dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_);
  FindOut(NoteSetBack());
  Fact fact{.kind = FactKind::kStart, .time = Now(), .setup = setup_};
  fact.power_cut = std::exchange(power_cut_, false);
  for (const HeartbeatView& view : desk_->Heartbeats(Now())) {
    const DurationMs patience = view.config.interval + view.config.grace;
    if (view.due_at != 0) fact.waited[view.config.name] = view.due_at - patience * kNanosPerMilli;
  }
  Note(std::move(fact));
}

void IncidentWorld::CutPower() {
  disk_.DropUnsynced();
  power_cut_ = true;
}

void IncidentWorld::Restart() {
  up_at_ = 0;
  sets_back_ = 0;
  while (true) {
    StoreFaultPlan next;
    if (lives_ < plan_.crashes.size()) {
      next = {.fault = plan_.crashes[lives_].fault, .at = plan_.crashes[lives_].commits};
    }
    ++lives_;
    faulty_ = std::make_unique<FaultyStore>(disk_, next);
    Start();
    if (!Crashed()) break;
    log_.commits += faulty_->commits();
    ++log_.crashes;
    dispatcher_.reset();
    desk_.reset();
    if (plan_.crashes[lives_ - 1].power_cut) CutPower();
  }
  if (!desk_) return;
  // What was due meanwhile comes before the news.
  Settle();
  if (up_at_ == 0 && !Crashed()) EvaluateRules();
}

// It is dead: for how long?
void IncidentWorld::Sleep(Nanos* until) {
  ++log_.crashes;
  Note({.kind = FactKind::kCrash, .time = Now()});
  log_.commits += faulty_->commits();
  dispatcher_.reset();
  desk_.reset();
  if (plan_.crashes[lives_ - 1].power_cut) CutPower();
  Tamper();
  const int longest = Chance(random_, 0.2) ? 180 : 10;
  *until = clock_.steady + Below(random_, longest * 60) * kSec + 1;
}

void IncidentWorld::Settle() {
  for (int round = 0; desk_ && up_at_ == 0; ++round) {
    if (Crashed()) return Sleep(&up_at_);
    const StatusOr<int> ran = desk_->Tick(Now());
    if (Crashed()) return Sleep(&up_at_);
    if (!ran.ok()) return Problem("tick: " + Message(ran.status()));
    if (sets_back_ != 0) {
      const int64_t noticed = NoteSetBack();
      if (noticed != sets_back_) {
        Problem(fmt::format("the clock was set back by {}, not {}", sets_back_, noticed));
      }
      sets_back_ = 0;
    }
    if (*ran > 0 || round == 0) Note({.kind = FactKind::kTick, .time = Now()});
    const int sent = dispatcher_->RunOnce(Now());
    if (Crashed()) return Sleep(&up_at_);
    if (*ran == 0 && sent == 0) return;
    if (round > kMostRounds) return Problem("timers or messages do not come to an end");
  }
}

void IncidentWorld::Advance(Nanos until) {
  for (int round = 0; clock_.steady < until && round < 100'000; ++round) {
    if (!desk_ && up_at_ == 0) return;
    Nanos next = until;
    if (up_at_ != 0) {
      next = std::min(next, up_at_);
    } else {
      for (const std::optional<Nanos> due : {desk_->NextDue(), desk_->NextMessageDue()}) {
        if (due) next = std::min(next, *due - clock_.offset);
      }
    }
    clock_.steady = std::max(next, clock_.steady);
    if (up_at_ != 0 && clock_.steady >= up_at_) Restart();
    if (clock_.steady >= until) return;
    Settle();
    if (next <= clock_.steady && up_at_ == 0) clock_.steady += 1;
  }
}

// Nobody on call without a warning of it is a violation.
void IncidentWorld::CheckOnCall() {
  if (!desk_ || up_at_ != 0 || Now() < gap_seen_ + 10 * kMin) return;
  for (const Timetable& table : setup_->timetables) {
    if (!OnCallNaively(table, Now()).empty()) continue;
    gap_seen_ = Now();
    const std::vector<AlertView> alerts = desk_->Alerts(Now());
    const bool said = std::ranges::any_of(alerts, [&](const AlertView& view) {
      return view.alert.labels.Get(kAlertName) == kOnCallGap &&
             view.alert.labels.Get("schedule") == table.name;
    });
    if (!said) Problem(fmt::format("nobody is on call in {} and nobody said so", table.name));
  }
}

void IncidentWorld::Tamper() {
  const Family family = plan_.tampering == Tampering::kAuditRow    ? Family::kAudit
                        : plan_.tampering == Tampering::kSlaTimers ? Family::kTimers
                                                                   : Family::kMeta;
  if (family == Family::kMeta) return;
  Batch batch;
  disk_
      .Scan(family, "", "",
            [&](const Row& row) {
              if (family == Family::kAudit) {
                std::string value = row.value;
                value.back() = static_cast<char>(value.back() ^ 1);
                batch.Put(family, row.key, value);
                return false;
              }
              const StatusOr<TimerKey> timer = DecodeTimerKey(row.key);
              if (timer.ok() && timer->kind >= TimerKind::kAckWarn50 &&
                  timer->kind <= TimerKind::kResolveBreach) {
                batch.Delete(family, row.key);
              }
              return true;
            })
      .IgnoreError();
  if (!batch.empty()) disk_.Commit(batch, Durability::kSynced).IgnoreError();
}

RunLog IncidentWorld::Run() {
  Restart();
  const Nanos begin = clock_.steady;
  const int64_t length = plan_.hours * kHr;
  std::vector<Nanos> times;
  for (int i = 0; i < plan_.steps; ++i) {
    times.push_back(begin + static_cast<Nanos>(random_.Unit() * static_cast<double>(length)));
  }
  std::ranges::sort(times);
  for (const Nanos time : times) {
    Advance(time);
    Happen();
    if (up_at_ == 0 && Crashed()) Sleep(&up_at_);
    Settle();
    CheckOnCall();
  }
  Advance(begin + length + plan_.tail_hours * kHr);
  do {
    if (up_at_ != 0) Restart();
    Settle();
  } while (up_at_ != 0);
  Show();
  return std::move(log_);
}

void IncidentWorld::Show() {
  log_.end = Now();
  if (!desk_) return Problem("it is down");
  log_.commits += faulty_->commits();
  const Status audit = desk_->VerifyAudit().status();
  if (!audit.ok()) Problem(Message(audit));
  for (const auto& incident : desk_->Incidents({.limit = 10'000}).incidents) {
    if (incident->source == IncidentSource::kSchedule) continue;
    Shown shown;
    shown.id = incident->id;
    shown.key = KeyOf(*incident);
    shown.received_at = incident->received_at;
    shown.state = IncidentStateText(incident->state);
    const StatusOr<IncidentDetail> detail = desk_->GetIncident(incident->id, Now());
    if (detail.ok()) shown.events = detail->events;
    log_.incidents.push_back(std::move(shown));
  }
}

}  // namespace outrider::sim
