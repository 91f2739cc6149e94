// SPDX-License-Identifier: Apache-2.0
// What happens in an incident world: alerts, people, edits, clocks.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide_clock.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"
#include "tests/sim/incident_world.h"

namespace outrider::sim {
namespace {

constexpr const char* kPeople[] = {"anna", "ben"};
constexpr const char* kServices[] = {"api", "web", "db", "mq"};

Alert MakeAlert(int number, Nanos since) {
  const PoolAlert& pool = kPool[static_cast<size_t>(number)];
  Alert alert;
  alert.labels = Labels({{kAlertName, pool.name},
                         {"instance", pool.instance},
                         {"service", pool.service},
                         {"severity", SeverityText(pool.severity)}});
  alert.starts_at = {since, 0};
  return alert;
}

bool Contains(const std::string& text, const std::string& token) {
  return text.find(token) != std::string::npos;
}

}  // namespace

void IncidentWorld::Happen() {
  if (!desk_ && up_at_ == 0) return;  // it could not start
  const int what = Below(random_, 100);
  if (up_at_ != 0 && what >= 35 && what < 97) return;  // there is nobody to talk to
  if (what < 35) return ChangeAlerts();
  if (what < 70) return Act(RandomIncident(), false);
  if (what < 74) return CreateByHand();
  if (what < 79) return ChangeSilences();
  if (what < 83) return ChangeWorks();
  if (what < 87) return SendBeat();
  if (what < 92) return ReloadFile();
  if (what < 97) return EditDirectory();
  SetClock();
}

// ---- alerts

void IncidentWorld::ChangeAlerts() {
  const int changes = Chance(random_, 0.15) ? 6 : 1;  // now and then a storm
  for (int i = 0; i < changes; ++i) {
    const int number = Below(random_, kPoolSize);
    if (firing_.erase(number) == 0) firing_[number] = Now();
  }
  if (up_at_ == 0) EvaluateRules();
}

// Rules tell what has changed since what they remember in the store, in one batch with the memory.
void IncidentWorld::EvaluateRules() {
  const Nanos now = Now();
  std::map<std::string, std::string> known;
  faulty_
      ->Scan(Family::kRules, "", "",
             [&](const Row& row) {
               known[row.key] = row.value;
               return true;
             })
      .IgnoreError();
  std::vector<Alert> changed;
  Batch memory;
  std::vector<size_t> places;
  ++batches_;
  // Whatever their order: those that begin count before those that end.
  for (const bool begins : {true, false}) {
    for (int number = 0; number < kPoolSize; ++number) {
      const std::string key = fmt::format("{:02}", number);
      const bool told = known[key].starts_with("firing");
      const auto truth = firing_.find(number);
      if (told != (truth == firing_.end()) || told == begins) continue;
      Alert alert = MakeAlert(number, told ? now - kMin : truth->second);
      if (told) alert.ends_at = {now, 0};
      alert.updated_at = now;
      changed.push_back(alert);
      memory.Put(Family::kRules, key, fmt::format("{} {}", told ? "ended" : "firing", batches_));
      places.push_back(log_.facts.size());
      Note({.kind = told ? FactKind::kEnded : FactKind::kBegan,
            .time = now,
            .number = number,
            .batch = batches_});
    }
  }
  if (changed.empty()) return;
  const Status status = desk_->OnAlerts(changed, std::move(memory), now);
  for (const size_t place : places) Conclude(place, status);
}

// What the rules' rows hold is written; what came later is not, and will be told anew.
void IncidentWorld::FindOutAlerts() {
  std::map<int, int64_t> written;
  faulty_
      ->Scan(Family::kRules, "", "",
             [&](const Row& row) {
               written[std::stoi(row.key)] = std::stoll(row.value.substr(row.value.find(' ')));
               return true;
             })
      .IgnoreError();
  for (Fact& fact : log_.facts) {
    if (fact.kind != FactKind::kBegan && fact.kind != FactKind::kEnded) continue;
    if (fact.batch > written[fact.number]) fact.lost = true;
  }
}

// ---- people

std::string IncidentWorld::RandomIncident() {
  std::vector<std::string> ids;
  for (const auto& incident : desk_->Incidents({.limit = 12}).incidents) {
    if (incident->source == IncidentSource::kSchedule) continue;
    ids.push_back(incident->id);
    if (incident->Open()) ids.insert(ids.end(), 3, incident->id);
  }
  return ids.empty() ? "" : ids[random_.Next() % ids.size()];
}

Fact IncidentWorld::RandomDeed(const std::string& incident, bool quick) {
  Fact fact;
  fact.kind = FactKind::kDeed;
  fact.time = Now();
  fact.incident = incident;
  fact.who = kPeople[Below(random_, 2)];
  // Answers are given more often than other things.
  fact.deed = quick || Chance(random_, 0.4) ? static_cast<Deed>(Below(random_, 3))
                                            : static_cast<Deed>(Below(random_, kDeedCount - 1));
  fact.severity = static_cast<Severity>(Below(random_, kSeverityCount));
  fact.until = Now() + (1 + Below(random_, 120)) * kMin;
  if (fact.deed == Deed::kMerge) fact.other = RandomIncident();
  if (fact.deed == Deed::kReapply && Chance(random_, 0.5)) fact.other = "urgent";
  fact.token = Token();
  return fact;
}

void IncidentWorld::Act(const std::string& incident, bool quick) {
  if (!incident.empty()) Perform(RandomDeed(incident, quick));
}

void IncidentWorld::CreateByHand() {
  Fact fact;
  fact.kind = FactKind::kDeed;
  fact.time = Now();
  fact.deed = Deed::kCreate;
  fact.who = "anna";
  fact.severity = static_cast<Severity>(Below(random_, kSeverityCount));
  fact.token = Token();
  fact.other = "hand" + fact.token;
  Perform(std::move(fact));
}

Desk::IncidentResult IncidentWorld::Do(const Fact& fact, const HumanAction& human, Nanos now) {
  switch (fact.deed) {
    case Deed::kAcknowledge:
      return desk_->Acknowledge(human, now);
    case Deed::kInvestigate:
      return desk_->StartInvestigation(human, now);
    case Deed::kResolve:
      return desk_->Resolve(human, now);
    case Deed::kReopen:
      return desk_->Reopen(human, now);
    case Deed::kUnacknowledge:
      return desk_->Unacknowledge(human, now);
    case Deed::kSeverity:
      return desk_->Change(SetSeverity{fact.severity}, human, now);
    case Deed::kSnooze:
      return desk_->Change(SnoozeUntil{fact.until}, human, now);
    case Deed::kWake:
      return desk_->Change(WakeUp{}, human, now);
    case Deed::kMerge:
      return desk_->Change(MergeInto{fact.other}, human, now);
    case Deed::kUnmerge:
      return desk_->Change(Unmerge{}, human, now);
    case Deed::kAssign:
      return desk_->Change(AssignTo{fact.who}, human, now);
    case Deed::kNote:
      return desk_->AddNote(human, now);
    case Deed::kConfirm:
      return desk_->Change(ConfirmWork{}, human, now);
    case Deed::kEscalate:
    case Deed::kForce:
      return desk_->Escalate(human, fact.deed == Deed::kForce, now);
    case Deed::kReapply:
      return desk_->ReapplyPolicy(human, fact.other, now);
    case Deed::kHold:
      return desk_->Hold(human, now);
    case Deed::kUnhold:
      return desk_->Unhold(human, now);
    case Deed::kCreate:
      break;
  }
  NewIncident wanted;
  wanted.title = fact.other;
  wanted.severity = fact.severity;
  return desk_->Create(wanted, human, now);
}

void IncidentWorld::Perform(Fact fact) {
  const HumanAction human{
      .incident_id = fact.incident, .who = fact.who, .channel = "cli", .note = fact.token};
  const size_t place = log_.facts.size();
  Note(fact);
  const Desk::IncidentResult result = Do(fact, human, fact.time);
  Conclude(place, result.status());
  if (!result.ok()) return;
  log_.facts[place].incident = (*result)->id;
  log_.facts[place].kept = IsOnRecord(log_.facts[place], 0);
}

void IncidentWorld::Conclude(size_t place, const Status& status) {
  if (status.ok()) return;
  if (Crashed()) {
    open_.push_back(place);
  } else {
    log_.facts[place].lost = true;
  }
}

// ---- after a crash

bool IncidentWorld::IsOnRecord(const Fact& fact, int64_t set_back) const {
  switch (fact.kind) {
    case FactKind::kSilence:
    case FactKind::kUnsilence: {
      const std::vector<Silence> all = desk_->Silences();
      const bool ends = fact.kind == FactKind::kUnsilence;
      return std::ranges::any_of(all, [&](const Silence& silence) {
        return silence.comment == fact.token && (!ends || silence.ends_at <= fact.time);
      });
    }
    case FactKind::kWorks:
    case FactKind::kWorksEnd: {
      const std::vector<MaintenanceView> all = desk_->Maintenance(Now());
      const bool there = std::ranges::any_of(
          all, [&](const MaintenanceView& view) { return view.window.name == fact.token; });
      return there == (fact.kind == FactKind::kWorks);
    }
    case FactKind::kBeat: {
      const std::vector<HeartbeatView> all = desk_->Heartbeats(Now());
      return std::ranges::any_of(all, [&](const HeartbeatView& view) {
        return view.config.name == fact.other && view.last_beat == fact.time - set_back;
      });
    }
    case FactKind::kSetup:
      for (int bucket = 0; bucket < 256; ++bucket) {
        const auto events = desk_->AuditEvents(static_cast<uint8_t>(bucket));
        if (events.ok() && std::ranges::any_of(*events, [&](const AuditEvent& event) {
              return event.text == fact.token;
            })) {
          return true;
        }
      }
      return false;
    default:
      break;
  }
  const StatusOr<IncidentDetail> detail = desk_->GetIncident(fact.incident, Now());
  return detail.ok() && std::ranges::any_of(detail->events, [&](const AuditEvent& event) {
           return Contains(event.text, fact.token);
         });
}

void IncidentWorld::FindOut(int64_t set_back) {
  FindOutAlerts();
  for (const size_t place : open_) {
    Fact& fact = log_.facts[place];
    if (fact.kind == FactKind::kBegan || fact.kind == FactKind::kEnded) continue;
    if (fact.kind == FactKind::kDeed && fact.deed == Deed::kCreate) {
      for (const auto& incident : desk_->Incidents({.limit = 10'000}).incidents) {
        if (incident->title == fact.other) fact.incident = incident->id;
      }
      fact.lost = fact.incident.empty();
      continue;
    }
    fact.lost = !IsOnRecord(fact, set_back);
  }
  open_.clear();
}

// ---- silences, maintenance, heartbeats

void IncidentWorld::ChangeSilences() {
  const size_t place = log_.facts.size();
  if (!silences_.empty() && Chance(random_, 0.4)) {
    const auto [token, id] = *silences_.begin();
    silences_.erase(token);
    Note({.kind = FactKind::kUnsilence, .time = Now(), .token = token});
    return Conclude(place, desk_->ExpireSilence(id, "cli", Now(), "anna"));
  }
  Fact fact;
  fact.kind = FactKind::kSilence;
  fact.time = Now();
  fact.other = kPool[static_cast<size_t>(Below(random_, kPoolSize))].name;
  fact.until = Now() + (1 + Below(random_, 60)) * kMin;
  fact.token = Token();
  Note(fact);
  Silence silence;
  silence.matchers = {Matcher::Equal(std::string(kAlertName), fact.other)};
  silence.starts_at = fact.time;
  silence.ends_at = fact.until;
  silence.created_by = "anna";
  silence.comment = fact.token;
  const StatusOr<std::string> id = desk_->SetSilence(silence, "cli", Now());
  if (id.ok()) silences_[fact.token] = *id;
  Conclude(place, id.status());
}

void IncidentWorld::ChangeWorks() {
  const size_t place = log_.facts.size();
  const HumanAction by{.incident_id = "", .who = "anna", .channel = "cli", .note = ""};
  if (!works_.empty() && Chance(random_, 0.4)) {
    const std::string name = works_.back();
    works_.pop_back();
    Note({.kind = FactKind::kWorksEnd, .time = Now(), .token = name});
    return Conclude(place, desk_->EndMaintenance(name, by, Now()));
  }
  Fact fact;
  fact.kind = FactKind::kWorks;
  fact.time = Now();
  fact.token = fact.works.name = Token();
  fact.works.service = kServices[Below(random_, 4)];
  fact.works.from = Now() / kSec * kSec + Below(random_, 20) * kMin;
  fact.works.to = fact.works.from + (2 + Below(random_, 60)) * kMin;
  works_.push_back(fact.token);
  Note(fact);
  const StatusOr<MaintenanceWindow> window = ParseMaintenanceText(
      fmt::format("{{name: \"{}\", match: ['service = {}'], start: {}, end: {}}}", fact.token,
                  fact.works.service, UtcText(fact.works.from), UtcText(fact.works.to)),
      "anna");
  Conclude(place, window.ok() ? desk_->AddMaintenance(*window, by, Now()) : window.status());
}

void IncidentWorld::SendBeat() {
  if (setup_->beats.empty()) return;
  const size_t place = log_.facts.size();
  const std::string name = setup_->beats.front().name;
  Note({.kind = FactKind::kBeat, .time = Now(), .other = name});
  Conclude(place, desk_->Beat(name, {},
                              {.incident_id = "", .who = "", .channel = "api", .note = ""}, Now()));
}

// ---- configuration

// False: it was refused, or the process died of it.
bool IncidentWorld::PutInForce(const char* subject, SetupPtr setup, DeskConfig config, Batch rows) {
  Fact fact;
  fact.kind = FactKind::kSetup;
  fact.time = Now();
  fact.token = Token();
  fact.setup = std::move(setup);
  const size_t place = log_.facts.size();
  Note(fact);
  AuditEvent event;
  event.subject = subject;
  event.kind = AuditKind::kConfigured;
  event.text = fact.token;
  const Status status = desk_->Reload(std::move(config), Now(), {event}, std::move(rows));
  Conclude(place, status);
  return status.ok();
}

void IncidentWorld::ReloadFile() {
  file_ = EditFile(good_, random_, Now());
  if (Chance(random_, 0.2)) file_.ladders[0].steps[0].targets = {"\"]: no YAML"};
  StatusOr<DeskConfig> config = Configured(file_, objects_);
  if (!config.ok()) {  // refused: what was before goes on
    file_ = good_;
    return;
  }
  Settle();  // what was due before is decided by what was configured then
  if (up_at_ != 0 || Crashed()) return;
  SetupPtr setup = InForce(file_, objects_);
  if (!PutInForce("file", setup, *std::move(config), {})) return;
  good_ = file_;
  setup_ = std::move(setup);
}

void IncidentWorld::EditDirectory() {
  Settle();
  if (up_at_ != 0 || Crashed()) return;
  DirectoryChange change;
  Cover cover;
  if (!objects_.empty() && Chance(random_, 0.4)) {
    const DirectoryObject& object = objects_.begin()->second;
    change.action = DirectoryChange::Action::kDelete;
    change.kind = object.kind;
    change.schedule = object.schedule;
    change.name = object.name;
  } else {
    cover.id = fmt::format("c{:04}", ++tokens_);
    cover.kind = static_cast<Cover::Kind>(Below(random_, 4));
    cover.user = file_.people[static_cast<size_t>(Below(random_, 5))].name;
    const bool of_one = cover.kind == Cover::Kind::kSwap || Chance(random_, 0.3);
    if (of_one) cover.replaced = file_.people[static_cast<size_t>(Below(random_, 5))].name;
    if (cover.kind == Cover::Kind::kAdd || cover.kind == Cover::Kind::kRemove) cover.replaced = "";
    cover.from = Now() / kSec * kSec + (Below(random_, 60) - 10) * kMin;
    cover.to = cover.from + (20 + Below(random_, 240)) * kMin;
    covers_[cover.id] = cover;
    const bool swap = cover.kind == Cover::Kind::kSwap;
    change.kind = swap ? DirectoryKind::kSwap : DirectoryKind::kOverride;
    change.schedule = file_.timetables[static_cast<size_t>(Below(random_, 2))].name;
    change.name = cover.id;
    change.text = CoverText(cover);
  }
  const StatusOr<YamlNode> root = ParseYaml(FileText(file_), "incidents.yml");
  DirectoryObjects objects = objects_;
  Batch rows;
  if (!root.ok() || !ApplyChange(change, {*root, *root}, "anna", Now(), &objects, &rows).ok()) {
    return;
  }
  StatusOr<DeskConfig> config = Configured(file_, objects);
  if (!config.ok()) return;
  SetupPtr setup = InForce(file_, objects);
  if (!PutInForce("directory", setup, *std::move(config), std::move(rows))) return;
  objects_ = std::move(objects);
  setup_ = std::move(setup);
}

void IncidentWorld::SetClock() {
  if (!plan_.sets_clock) return;
  const int64_t by = (1 + Below(random_, Chance(random_, 0.3) ? 180 : 20)) * kMin;
  const bool back = Chance(random_, 0.5);
  const Nanos before = Now();
  clock_.offset += back ? -by : by;
  Note({.kind = FactKind::kClock, .time = Now(), .until = before});
  log_.set_back = log_.set_back || back;
  if (back) sets_back_ = by;
}

int64_t IncidentWorld::NoteSetBack() {
  const auto events = desk_->AuditEvents(BucketOf(kClockSubject));
  if (!events.ok()) return 0;
  int64_t sum = 0;
  size_t count = 0;
  for (const AuditEvent& event : *events) {
    if (event.kind != AuditKind::kClockSetBack || ++count <= set_backs_) continue;
    const int64_t by = std::stoll(event.data.at("by_ns"));
    Note({.kind = FactKind::kSetBack, .time = event.time, .until = event.time + by});
    sum += by;
  }
  set_backs_ = std::max(set_backs_, count);
  return sum;
}

}  // namespace outrider::sim
