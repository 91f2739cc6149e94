// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/api_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "notifiers/desk/desk.h"
#include "notifiers/outbox/dispatcher.h"
#include "storage/base/duration.h"
#include "storage/state/memory_store.h"
#include "tests/support/fake_clock.h"

namespace outrider::sim {
namespace {

constexpr Nanos kBegin = 1'790'000'000LL * kNanosPerSecond;
constexpr int64_t kEnd = 3 * 3600;  // seconds
constexpr Nanos kAskAgain = kNanosPerSecond;
constexpr int kMaxRounds = 100'000;

Nanos At(int64_t second) { return kBegin + second * kNanosPerSecond; }

// When a target does not take anything: it answers 503, or 429 with Retry-After.
struct Outage {
  const char* target;
  int64_t from, to, retry_after;  // seconds; retry_after 0: a 503
};
constexpr Outage kOutages[] = {
    {"team/slack[0]", 1200, 2400, 720},  // longer than a flush may try
    {"team/webhook[1]", 3000, 3120, 0},
    {"team/email[0]", 4000, 4200, 0},
    {"db/webhook[0]", 1500, 1560, 20},
};

// An alert as the client knows it.
struct Story {
  std::string name, zone;
  int64_t from = 0, to = 0;  // seconds
  bool ends_itself = false;  // its end is said when it is posted; nothing is posted at the end
};

std::vector<Story> MakeStories(uint64_t seed) {
  SeededRandom random(seed);
  std::vector<Story> stories;
  const char* names[] = {"Disk", "Cpu", "Net"};
  const char* zones[] = {"a", "b", "c", "d"};
  for (const char* name : names) {
    for (const char* zone : zones) {
      int64_t when = static_cast<int64_t>(random.Unit() * 2000);
      while (when < 6500) {
        const auto length = static_cast<int64_t>(420 + random.Unit() * 2400);
        stories.push_back({name, zone, when, when + length, random.Unit() < 0.3});
        when += length + static_cast<int64_t>(900 + random.Unit() * 3000);
      }
    }
  }
  return stories;
}

Alert ToPost(const Story& story, bool over) {
  Alert alert;
  alert.labels = Labels({{kAlertName, story.name},
                         {"zone", story.zone},
                         {"team", story.name == "Disk" ? "db" : "web"}});
  alert.starts_at = {At(story.from), 0};
  const bool said = over || story.ends_itself;
  alert.ends_at = {said ? At(story.to) : At(story.from) + 6 * 3600 * kNanosPerSecond, 0};
  return alert;
}

class Simulation {
 public:
  Simulation(uint64_t seed, const ApiCrash& crash)
      : crash_(crash), random_(seed), clock_(kBegin), stories_(MakeStories(seed)) {
    faulty_ = std::make_unique<FaultyStore>(
        disk_, StoreFaultPlan{.fault = crash.fault, .at = crash.at, .until = 0});
  }

  ApiReport Run();
  SendResult Receive(const std::string& target, bool idempotent, const Notification& message);

 private:
  struct Step {
    int64_t second;
    size_t story;
    bool over;
  };

  DeskConfig MakeConfig();
  Receiver MakeReceiver(const char* name,
                        std::initializer_list<std::tuple<const char*, int, bool>> integrations);
  void Start();
  void Restart();
  void NoteCrash();
  void Post(std::vector<Alert> alerts);
  void PostAgain();
  void Silence();
  void Settle();
  std::vector<Step> Steps() const;
  int64_t Now() const { return (clock_.NowNanos() - kBegin) / kNanosPerSecond; }
  bool Crashed() const { return faulty_->crashed(); }
  void Violation(std::string text) { report_.violations.push_back(std::move(text)); }

  const ApiCrash crash_;
  SeededRandom random_;
  FakeClock clock_;
  const std::vector<Story> stories_;
  MemoryStore disk_;
  std::unique_ptr<FaultyStore> faulty_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::set<std::string> keys_;  // of idempotent targets: the second arrival is dropped there
  ApiReport report_;
};

class FakeChannel final : public Channel {
 public:
  FakeChannel(Simulation& world, std::string target, bool idempotent)
      : world_(world), target_(std::move(target)), idempotent_(idempotent) {}
  SendResult Send(const Notification& notification) override {
    return world_.Receive(target_, idempotent_, notification);
  }
  bool Idempotent() const override { return idempotent_; }

 private:
  Simulation& world_;
  std::string target_;
  bool idempotent_;
};

SendResult Simulation::Receive(const std::string& target, bool idempotent,
                               const Notification& message) {
  if (Crashed()) return SendResult::Retry("dead", "other");  // a dead process sends nothing
  for (const Outage& outage : kOutages) {
    if (target != outage.target || Now() < outage.from || Now() >= outage.to) continue;
    return SendResult::Retry(outage.retry_after > 0 ? "HTTP 429" : "HTTP 503", "other",
                             outage.retry_after * 1000);
  }
  if (idempotent && !keys_.insert(target + message.idempotency_key).second)
    return SendResult::Delivered();
  ApiArrival arrival{.second = Now(),
                     .target = target,
                     .group = message.group_key,
                     .key = message.idempotency_key,
                     .repeat = message.repeat,
                     .alerts = "",
                     .firing = {},
                     .resolved = {}};
  std::vector<std::string> texts;
  for (const Alert& alert : message.alerts) {
    const std::string name =
        fmt::format("{}:{}", alert.labels.Get(kAlertName), alert.labels.Get("zone"));
    const bool over = alert.ends_at.nanos != 0;
    (over ? arrival.resolved : arrival.firing).push_back(name);
    texts.push_back(name + (over ? "-" : "+"));
  }
  std::sort(texts.begin(), texts.end());
  arrival.alerts = fmt::format("{}", fmt::join(texts, " "));
  report_.arrivals.push_back(std::move(arrival));
  return SendResult::Delivered();
}

Receiver Simulation::MakeReceiver(
    const char* name, std::initializer_list<std::tuple<const char*, int, bool>> integrations) {
  Receiver receiver;
  receiver.name = name;
  for (const auto& [kind, index, idempotent] : integrations) {
    Integration integration;
    integration.kind = kind;
    integration.index = index;
    integration.channel = std::make_unique<FakeChannel>(
        *this, fmt::format("{}/{}[{}]", name, kind, index), idempotent);
    receiver.integrations.push_back(std::move(integration));
  }
  return receiver;
}

DeskConfig Simulation::MakeConfig() {
  const bool other = crash_.reload && report_.crashed;
  DeskConfig config;
  RouteConfig& root = config.alertmanager.route;
  root.receiver = "team";
  root.key = "{}";
  root.group_by = {"alertname"};
  root.group_interval = other ? 4 * kMinute : 5 * kMinute;
  root.repeat_interval = 50 * kMinute;
  const auto child = [&](const char* receiver, const char* value, bool more) {
    RouteConfig route = root;
    route.routes.clear();
    route.receiver = receiver;
    route.key = fmt::format("{{}}/{{team=~\"{}\"}}", value);
    route.matchers = {Matcher::Create(MatchType::kRegex, "team", value).value()};
    route.continue_matching = more;
    return route;
  };
  RouteConfig db = child("db", "db", true);
  db.group_by = {"alertname", "zone"};
  db.group_wait = 10 * kSecond;
  std::vector<RouteConfig> routes = {db};
  if (other) routes.push_back(child("audit", ".+", true));
  routes.push_back(child("team", "db|web", false));
  root.routes = std::move(routes);
  config.incidents = DefaultIncidentsConfig();
  std::vector<Receiver> receivers;
  receivers.push_back(MakeReceiver(
      "team",
      {{"webhook", 0, true}, {"webhook", 1, true}, {"email", 0, false}, {"slack", 0, false}}));
  receivers.push_back(MakeReceiver("db", {{"webhook", 0, true}}));
  if (other) receivers.push_back(MakeReceiver("audit", {{"email", 0, false}}));
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  config.external_url = "http://outrider";
  return config;
}

void Simulation::Start() {
  StatusOr<std::unique_ptr<Desk>> desk =
      Desk::Load(*faulty_, random_, MakeConfig(), clock_.NowNanos());
  if (!desk.ok()) {
    if (!Crashed()) Violation("start: " + Message(desk.status()));
    return;
  }
  desk_ = *std::move(desk);
  dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_);
}

// What is on disk at the moment of the crash: is a message on its way?
void Simulation::NoteCrash() {
  disk_
      .Scan(Family::kOutbox, "", "",
            [&](const Row& row) {
              const StatusOr<OutboxRow> message = DecodeOutboxRow(row.value);
              if (!message.ok()) return true;
              report_.rows_sending += message->state == OutboxState::kSending ? 1 : 0;
              report_.rows_due += message->state == OutboxState::kDue && message->attempt == 0;
              report_.rows_retrying += message->state == OutboxState::kDue && message->attempt > 0;
              return true;
            })
      .IgnoreError();
}

void Simulation::Restart() {
  report_.crashed = true;
  report_.commits = faulty_->commits();
  dispatcher_.reset();
  desk_.reset();
  if (crash_.power_cut) disk_.DropUnsynced();
  NoteCrash();
  faulty_ = std::make_unique<FaultyStore>(disk_, StoreFaultPlan{});
  Start();
  if (desk_ && crash_.power_cut) PostAgain();
}

// What was acked un-synced is lost in a power cut, but not to the client.
void Simulation::PostAgain() {
  std::vector<Alert> alerts;
  for (const Story& story : stories_) {
    if (story.from <= Now() && Now() < story.to + 900)
      alerts.push_back(ToPost(story, story.to <= Now()));
  }
  Post(std::move(alerts));
}

void Simulation::Post(std::vector<Alert> alerts) {
  for (int attempt = 0; attempt < 3 && desk_; ++attempt) {
    const StatusOr<PostAlertsResult> posted = desk_->PostAlerts(alerts, clock_.NowNanos());
    if (posted.ok() && !Crashed()) {
      for (const std::string& error : posted->errors) Violation("refused: " + error);
      return;
    }
    if (!Crashed()) Violation("post: " + Message(posted.status()));
    Restart();
  }
}

void Simulation::Silence() {
  outrider::Silence silence;
  silence.matchers = {Matcher::Equal("zone", "b")};
  silence.starts_at = clock_.NowNanos();
  silence.ends_at = silence.starts_at + 1500 * kNanosPerSecond;
  silence.created_by = "anna";
  silence.comment = "maintenance";
  for (int attempt = 0; attempt < 3 && desk_ && desk_->Silences().empty(); ++attempt) {
    desk_->SetSilence(silence, "cli", clock_.NowNanos()).IgnoreError();
    if (Crashed()) Restart();
  }
}

// Timers and messages that are due now, until there are none.
void Simulation::Settle() {
  for (int round = 0; desk_; ++round) {
    if (Crashed()) Restart();
    if (!desk_) return;
    const Nanos now = clock_.NowNanos();
    const StatusOr<int> ran = desk_->Tick(now);
    const int sent = Crashed() ? 0 : dispatcher_->RunOnce(now);
    if (Crashed()) continue;
    if (!ran.ok()) return Violation("tick: " + Message(ran.status()));
    if (*ran == 0 && sent == 0) return;
    if (round > 1000) return Violation("timers or messages do not come to an end");
  }
}

std::vector<Simulation::Step> Simulation::Steps() const {
  std::vector<Step> steps;
  for (size_t i = 0; i < stories_.size(); ++i) {
    steps.push_back({stories_[i].from, i, false});
    if (!stories_[i].ends_itself) steps.push_back({stories_[i].to, i, true});
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.second < b.second; });
  return steps;
}

ApiReport Simulation::Run() {
  Start();
  if (Crashed()) Restart();
  const std::vector<Step> steps = Steps();
  size_t next = 0;
  bool silenced = false;
  for (int round = 0; desk_; ++round) {
    if (round == kMaxRounds) {
      Violation("time does not pass");
      break;
    }
    Nanos when = At(kEnd);
    if (next < steps.size()) when = std::min(when, At(steps[next].second));
    if (!silenced) when = std::min(when, At(2000));
    when = std::min(when, desk_->NextDue().value_or(when));
    // A message that is due may be held back by its lane (Retry-After, the breaker): ask again.
    if (const std::optional<Nanos> due = desk_->NextMessageDue())
      when = std::min(when, std::max(*due, clock_.NowNanos() + kAskAgain));
    if (when >= At(kEnd)) break;
    clock_.Set(std::max(when, clock_.NowNanos()));
    if (!silenced && Now() >= 2000) {
      silenced = true;
      Silence();
    }
    std::vector<Alert> body;
    for (; next < steps.size() && steps[next].second <= Now(); ++next)
      body.push_back(ToPost(stories_[steps[next].story], steps[next].over));
    if (!body.empty()) Post(std::move(body));
    Settle();
  }
  if (!report_.crashed) report_.commits = faulty_->commits();
  for (const Story& story : stories_)
    report_.truth.push_back({fmt::format("{}:{}", story.name, story.zone), story.from, story.to});
  if (!desk_) return report_;
  for (const OutboxRow& row : desk_->Outbox())
    Violation(fmt::format("never sent: {} {} {}", row.receiver, row.integration, row.last_error));
  return report_;
}

}  // namespace

ApiReport RunApi(uint64_t seed, const ApiCrash& crash) { return Simulation(seed, crash).Run(); }

}  // namespace outrider::sim
