// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulator.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/outbox/dispatcher.h"
#include "storage/state/memory_store.h"

namespace outrider::sim {
namespace {

constexpr int kMaxRounds = 1'000'000;  // a simulation that spins is a failure, not a hang

Matcher Equal(const char* name, const char* value) { return Matcher::Equal(name, value); }

EscalationTier MakeTier(int minutes, std::vector<std::string> receivers) {
  EscalationTier tier;
  tier.delay = minutes * kMinute;
  tier.receivers = std::move(receivers);
  return tier;
}

DeskConfig MakeConfig(World& world) {
  DeskConfig config;
  RouteConfig& root = config.alertmanager.route;
  root.receiver = "team";
  root.key = "{}";
  root.group_by = {"alertname"};
  root.group_interval = 15 * kMinute;
  InhibitRuleConfig inhibit;
  inhibit.source_matchers = {Equal("alertname", "Source")};
  inhibit.target_matchers = {Equal("alertname", "Target")};
  config.alertmanager.inhibit_rules = {inhibit};
  config.incidents = DefaultIncidentsConfig();
  EscalationPolicy policy;
  policy.name = "critical";
  policy.severities = {Severity::kCritical};
  policy.tiers = {MakeTier(0, {"pager"}), MakeTier(5, {"pager", "boss"}), MakeTier(15, {"boss"})};
  config.incidents.escalation_policies = {policy};
  config.receivers = MakeReceivers(world);
  config.external_url = "http://outrider";
  config.fixes.refire_after_silence = true;  // the scenario's "Hushed" is news again
  return config;
}

struct FiringAlert {
  Nanos since = 0;
  std::string severity;
};

class Simulation {
 public:
  Simulation(const Scenario& scenario, const CrashPlan& crash, const DeskFaults& faults)
      : scenario_(scenario),
        crash_(crash),
        faults_(faults),
        clock_(kStart),
        world_(clock_),
        random_(7),
        faulty_(std::make_unique<FaultyStore>(
            disk_, StoreFaultPlan{.fault = crash.fault, .at = crash.at})) {
    for (const Outage& outage : scenario.outages) world_.AddOutage(outage);
    world_.SetAlive([this] { return !Crashed(); });
  }

  Report Run();

 private:
  void Start();
  bool Crashed() { return faulty_->crashed(); }
  void Restart();
  void Advance();
  void DoStep(const Step& step);
  void EvaluateRules();
  void ActAsPerson(const Step& step);
  Status Person(const Step& step, const std::string& incident_id);
  std::string NewestIncident(const std::string& alert) const;
  bool IsSilenced(const Silence& silence) const;
  void Settle();
  void Fill(Report* report);
  void Violation(const std::string& text) { violations_.push_back(text); }

  const Scenario& scenario_;
  const CrashPlan crash_;
  const DeskFaults faults_;
  FakeClock clock_;
  World world_;
  SeededRandom random_;
  MemoryStore disk_;
  std::unique_ptr<FaultyStore> faulty_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::map<std::string, FiringAlert> firing_;  // the truth
  std::vector<std::string> violations_;
  uint64_t commits_ = 0;
  bool was_crashed_ = false;
};

void Simulation::Start() {
  StatusOr<std::unique_ptr<Desk>> desk =
      Desk::Load(*faulty_, random_, MakeConfig(world_), clock_.NowNanos(), faults_);
  if (!desk.ok()) {
    if (!Crashed()) Violation("start: " + Message(desk.status()));
    return;
  }
  desk_ = *std::move(desk);
  dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_);
}

void Simulation::Restart() {
  was_crashed_ = true;
  commits_ = faulty_->commits();
  dispatcher_.reset();
  desk_.reset();
  if (crash_.power_cut) disk_.DropUnsynced();
  faulty_ = std::make_unique<FaultyStore>(disk_, StoreFaultPlan{});
  Start();
  if (desk_) EvaluateRules();
}

// What rules do: tell what has changed since what they remember in the store, in one batch with the
// memory.
void Simulation::EvaluateRules() {
  const Nanos now = clock_.NowNanos();
  std::map<std::string, Row> known;
  faulty_
      ->Scan(Family::kRules, "", "",
             [&](const Row& row) {
               known[row.key] = row;
               return true;
             })
      .IgnoreError();
  std::vector<Alert> changed;
  Batch memory;
  for (const auto& [name, truth] : firing_) {
    if (known.contains(name)) continue;
    Alert alert;
    alert.labels = Labels({{kAlertName, name}, {"severity", truth.severity}, {"job", "sim"}});
    alert.starts_at = {truth.since, 0};
    alert.updated_at = now;
    changed.push_back(alert);
    memory.Put(Family::kRules, name, fmt::format("{}|{}", truth.since, truth.severity));
  }
  for (const auto& [name, row] : known) {
    if (firing_.contains(name)) continue;
    const size_t bar = row.value.find('|');
    Alert alert;
    alert.labels =
        Labels({{kAlertName, name}, {"severity", row.value.substr(bar + 1)}, {"job", "sim"}});
    alert.starts_at = {std::stoll(row.value.substr(0, bar)), 0};
    alert.ends_at = {now, 0};
    alert.updated_at = now;
    changed.push_back(alert);
    memory.Delete(Family::kRules, name);
  }
  if (changed.empty()) return;
  const Status status = desk_->OnAlerts(changed, std::move(memory), now);
  if (!status.ok() && !Crashed()) Violation("alerts: " + Message(status));
}

std::string Simulation::NewestIncident(const std::string& alert) const {
  const IncidentPage page =
      desk_->Incidents({.states = {}, .severities = {}, .offset = 0, .limit = 1000});
  for (const auto& incident : page.incidents) {
    if (incident->title == alert) return incident->id;
  }
  return "";
}

Status Simulation::Person(const Step& step, const std::string& incident_id) {
  const HumanAction human{
      .incident_id = incident_id, .who = "anna", .channel = "cli", .note = "on it"};
  const Nanos now = clock_.NowNanos();
  switch (step.kind) {
    case StepKind::kAcknowledge:
      return desk_->Acknowledge(human, now).status();
    case StepKind::kInvestigate:
      return desk_->StartInvestigation(human, now).status();
    case StepKind::kResolve:
      return desk_->Resolve(human, now).status();
    case StepKind::kUnacknowledge:
      return desk_->Unacknowledge(human, now).status();
    default:
      return desk_->AddNote(human, now).status();
  }
}

void Simulation::ActAsPerson(const Step& step) {
  Status status = absl::UnavailableError("not asked yet");
  std::string incident_id;
  for (int attempt = 0; attempt < 3 && absl::IsUnavailable(status); ++attempt) {
    incident_id = NewestIncident(step.alert);
    if (incident_id.empty()) return;
    const bool releases = step.kind == StepKind::kUnacknowledge;
    if (releases) world_.NoteReleased(incident_id);
    status = Person(step, incident_id);
    if (Crashed()) Restart();
    if (!desk_) return;
  }
  // FailedPrecondition: it was kept although the process died before it could say so, or another
  // did it before.
  const bool holds = step.kind == StepKind::kAcknowledge || step.kind == StepKind::kInvestigate;
  if (holds && (status.ok() || absl::IsFailedPrecondition(status))) {
    world_.NoteAcknowledged(incident_id);
  }
}

bool Simulation::IsSilenced(const Silence& silence) const {
  const std::vector<Silence> all = desk_->Silences();
  return std::any_of(all.begin(), all.end(),
                     [&](const Silence& other) { return other.matchers == silence.matchers; });
}

void Simulation::DoStep(const Step& step) {
  switch (step.kind) {
    case StepKind::kFire:
      firing_[step.alert] = {clock_.NowNanos(), step.severity};
      // Firing again may reopen the incident: pages are right again.
      if (const std::string id = NewestIncident(step.alert); !id.empty()) world_.NoteReleased(id);
      EvaluateRules();
      break;
    case StepKind::kEnd:
      firing_.erase(step.alert);
      EvaluateRules();
      break;
    case StepKind::kSilence: {
      Silence silence;
      silence.matchers = {Matcher::Equal("alertname", step.alert)};
      silence.starts_at = clock_.NowNanos();
      silence.ends_at = silence.starts_at + step.length * kNanosPerMilli;
      silence.created_by = "anna";
      silence.comment = "maintenance";
      if (!desk_->SetSilence(silence, "cli", clock_.NowNanos()).ok() && Crashed()) {
        Restart();
        if (desk_ && !IsSilenced(silence)) {
          desk_->SetSilence(silence, "cli", clock_.NowNanos()).IgnoreError();
        }
      }
      break;
    }
    default:
      ActAsPerson(step);
      break;
  }
}

// Timers and messages that are due now, until there are none.
void Simulation::Settle() {
  const Nanos now = clock_.NowNanos();
  for (int round = 0; desk_; ++round) {
    if (Crashed()) Restart();
    if (!desk_) return;
    const StatusOr<int> ran = desk_->Tick(now);
    const int sent = Crashed() ? 0 : dispatcher_->RunOnce(now);
    if (Crashed()) continue;
    if (!ran.ok()) Violation("tick: " + Message(ran.status()));
    if ((ran.ok() && *ran == 0 && sent == 0) || !ran.ok()) return;
    if (round > 1000) {
      Violation("timers or messages do not come to an end");
      return;
    }
  }
}

Report Simulation::Run() {
  Start();
  if (Crashed()) Restart();
  size_t next = 0;
  for (int round = 0; desk_ && round < kMaxRounds; ++round) {
    Nanos when = scenario_.end;
    if (next < scenario_.steps.size()) when = std::min(when, scenario_.steps[next].time);
    when = std::min(when, desk_->NextDue().value_or(when));
    when = std::min(when, desk_->NextMessageDue().value_or(when));
    if (when >= scenario_.end) break;
    clock_.Set(std::max(when, clock_.NowNanos()));
    while (desk_ && next < scenario_.steps.size() &&
           scenario_.steps[next].time <= clock_.NowNanos()) {
      DoStep(scenario_.steps[next++]);
      if (Crashed()) Restart();
    }
    Settle();
  }
  Report report;
  Fill(&report);
  return report;
}

void Simulation::Fill(Report* report) {
  report->crashed = was_crashed_;
  report->commits = was_crashed_ ? commits_ : faulty_->commits();
  report->violations = violations_;
  for (const std::string& text : world_.violations()) report->violations.push_back(text);
  report->arrivals = world_.arrivals().size();
  for (const Arrival& arrival : world_.arrivals()) {
    ++(arrival.repeat ? report->repeated : report->told)[arrival.Text()];
  }
  if (!desk_) return;
  const Status audit = desk_->VerifyAudit().status();
  if (!audit.ok()) report->violations.push_back(Message(audit));
  for (const OutboxRow& row : desk_->Outbox()) {
    report->violations.push_back("never sent: " + row.receiver + " " + row.reason);
  }
  const IncidentPage page =
      desk_->Incidents({.states = {}, .severities = {}, .offset = 0, .limit = 1000});
  for (const auto& incident : page.incidents) {
    ++report->incidents[fmt::format("{} {}", incident->title, IncidentStateText(incident->state))];
    const StatusOr<IncidentDetail> detail = desk_->GetIncident(incident->id, clock_.NowNanos());
    if (!detail.ok()) continue;
    for (const AuditEvent& event : detail->events) {
      if (event.kind != AuditKind::kSlaBreached) continue;
      ++report->breaches[fmt::format("{} {} {}", incident->title, incident->received_at, event.to)];
    }
  }
}

void CompareCounts(const std::map<std::string, int>& expected,
                   const std::map<std::string, int>& got, const char* less, const char* more,
                   std::vector<std::string>* differences) {
  for (const auto& [text, count] : expected) {
    const auto it = got.find(text);
    const int have = it == got.end() ? 0 : it->second;
    if (have < count)
      differences->push_back(fmt::format("{}: {} ({} of {})", less, text, have, count));
  }
  for (const auto& [text, count] : got) {
    const auto it = expected.find(text);
    const int want = it == expected.end() ? 0 : it->second;
    if (count > want)
      differences->push_back(fmt::format("{}: {} ({} not {})", more, text, count, want));
  }
}

}  // namespace

Report RunWeek(const Scenario& scenario, const CrashPlan& crash, const DeskFaults& faults) {
  return Simulation(scenario, crash, faults).Run();
}

std::vector<std::string> Compare(const Report& undisturbed, const Report& run) {
  std::vector<std::string> differences = run.violations;
  std::map<std::string, int> arrived = run.told;
  int marked = 0;
  for (const auto& [text, count] : run.repeated) {
    marked += count;
    // The attempt before a marked repeat may or may not have arrived.
    const auto expected = undisturbed.told.find(text);
    const int want = expected == undisturbed.told.end() ? 0 : expected->second;
    if (arrived[text] < want) arrived[text] = std::min(want, arrived[text] + count);
  }
  if (marked > 1) differences.push_back(fmt::format("{} marked repeats for one crash", marked));
  CompareCounts(undisturbed.told, arrived, "lost", "repeated", &differences);
  CompareCounts(undisturbed.breaches, run.breaches, "breach missing", "breach twice", &differences);
  CompareCounts(undisturbed.incidents, run.incidents, "incident missing", "incident extra",
                &differences);
  return differences;
}

}  // namespace outrider::sim
