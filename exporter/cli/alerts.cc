// SPDX-License-Identifier: Apache-2.0
// outrider alerts …: which alerts there are, why they were or were not notified, and what a daemon
// in shadow would have sent.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMostExplained = 20;  // alerts of one `why`

std::vector<JsonValue> Items(const JsonValue& object, std::string_view key) {
  const JsonValue* list = object.Find(key);
  return list == nullptr ? std::vector<JsonValue>() : list->items;
}

std::string LabelsText(const JsonValue* labels) {
  std::string text;
  for (const auto& [name, value] :
       labels == nullptr ? std::vector<JsonValue::Member>() : labels->members) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, Quote(value.string));
  }
  return text;
}

std::string ListText(const JsonValue& object, std::string_view key) {
  std::string text;
  for (const JsonValue& item : Items(object, key)) {
    if (!text.empty()) text += ", ";
    text += item.kind == JsonValue::Kind::kString ? item.string : item.GetString("name");
  }
  return text;
}

std::string Or(const std::string& text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

// The alerts that all matchers match.
StatusOr<std::vector<JsonValue>> FetchAlerts(const std::string& url,
                                             const std::vector<std::string>& matchers,
                                             std::string* raw) {
  FormFields fields;
  for (const std::string& matcher : matchers) fields.emplace_back("filter", matcher);
  JsonValue answer = TRY(CallApi(url + "/api/v2/alerts?" + EncodeForm(fields), "GET", "", raw));
  return std::move(answer.items);
}

// ---- why

void PrintStanding(const JsonValue& history) {
  fmt::print("Alert {}\n", history.GetString("fingerprint"));
  if (!history.GetBool("known")) {
    if (history.Find("labels") == nullptr) {
      fmt::print("  is not there any more\n");
    } else {
      fmt::print("  {}\n  is over: fired from {} to {}\n", LabelsText(history.Find("labels")),
                 history.GetString("starts_at"), history.GetString("ended_at"));
    }
    return;
  }
  fmt::print("  {}\n", LabelsText(history.Find("labels")));
  fmt::print("  {} since {}\n", history.GetString("state"), history.GetString("starts_at"));
  const std::string silences = ListText(history, "silenced_by");
  const std::string inhibitors = ListText(history, "inhibited_by");
  if (!silences.empty()) fmt::print("  silenced now by {}\n", silences);
  if (!inhibitors.empty()) fmt::print("  inhibited now by {}\n", inhibitors);
  if (const std::string id = history.GetString("incident"); !id.empty()) {
    fmt::print("  incident {}\n", id);
  }
  for (const JsonValue& group : Items(history, "groups")) {
    fmt::print("  goes to {} by route {}, group {}\n", group.GetString("receiver"),
               Or(group.GetString("route"), "annotation outrider_receiver"),
               group.GetString("key"));
    if (group.GetBool("waiting")) {
      fmt::print("    waits for its first flush at {}\n", group.GetString("next_flush_at"));
    } else if (!group.GetString("next_flush_at").empty()) {
      fmt::print("    next flush at {}\n", group.GetString("next_flush_at"));
    }
  }
}

// One line for each thing that happened, in order.
struct Line {
  std::string time;
  std::vector<std::string> cells;
};

Line FlushLine(const JsonValue& flush) {
  const std::string result = flush.GetString("result");
  std::string why = ListText(flush, "by");
  if (!why.empty()) {
    why = (flush.GetString("interval") == "active_time_intervals" ? "outside of " : "by ") + why;
  }
  if (result == "offered" && Items(flush, "decisions").empty()) {
    why = "its receiver has no integrations";
  }
  for (const JsonValue& one : Items(flush, "decisions")) {
    if (!why.empty()) why += "; ";
    why += fmt::format("{}: {}", one.GetString("integration"), one.GetString("decision"));
  }
  return {flush.GetString("time"),
          {flush.GetString("time"), "flush", flush.GetString("receiver"),
           fmt::format("{} ({})", result, flush.GetString("alert")), why}};
}

Line AttemptLine(const JsonValue& attempt) {
  std::string detail = attempt.GetString("detail");
  if (!attempt.GetString("next_try_at").empty()) {
    detail +=
        fmt::format("{}again at {}", detail.empty() ? "" : "; ", attempt.GetString("next_try_at"));
  }
  if (attempt.GetBool("repeat")) detail += detail.empty() ? "a repeat" : "; a repeat";
  return {attempt.GetString("time"),
          {attempt.GetString("time"),
           fmt::format("{} {}", attempt.GetString("kind"), attempt.GetInt("attempt")),
           fmt::format("{} {}", attempt.GetString("receiver"), attempt.GetString("integration")),
           attempt.GetString("outcome"), detail}};
}

void PrintHistory(const JsonValue& history) {
  PrintStanding(history);
  std::vector<Line> lines;
  for (const JsonValue& flush : Items(history, "flushes")) lines.push_back(FlushLine(flush));
  for (const JsonValue& one : Items(history, "attempts")) lines.push_back(AttemptLine(one));
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.time < b.time; });
  if (lines.empty()) {
    fmt::print("  nothing was decided about it yet\n");
    return;
  }
  if (history.GetBool("cut")) fmt::print("  (older records are left out)\n");
  std::vector<std::vector<std::string>> rows;
  rows.reserve(lines.size());
  for (Line& line : lines) rows.push_back(std::move(line.cells));
  PrintTable({"TIME", "WHAT", "RECEIVER", "RESULT", "WHY"}, rows);
}

bool IsFingerprint(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

StatusOr<std::vector<std::string>> FingerprintsOf(const ClientOptions& client,
                                                  const AlertsOptions& options) {
  std::vector<std::string> fingerprints;
  if (options.matchers.size() == 1 && IsFingerprint(options.matchers[0])) {
    return options.matchers;
  }
  for (const JsonValue& alert : TRY(FetchAlerts(client.url, options.matchers, nullptr))) {
    fingerprints.push_back(alert.GetString("fingerprint"));
  }
  // Then those that are over.
  FormFields fields = {{"since", options.since}};
  for (const std::string& matcher : options.matchers) fields.emplace_back("filter", matcher);
  const JsonValue ended =
      TRY(CallApi(client.url + "/outrider/v1/alerts/ended?" + EncodeForm(fields), "GET", ""));
  for (const JsonValue& alert : Items(ended, "alerts")) {
    const std::string fingerprint = alert.GetString("fingerprint");
    if (std::ranges::find(fingerprints, fingerprint) == fingerprints.end()) {
      fingerprints.push_back(fingerprint);
    }
  }
  if (fingerprints.empty()) {
    return NotFound("no alert matches, neither now nor in the history");
  }
  return fingerprints;
}

// ---- diff

// Groups by receiver and labels; of each the alerts with their states.
using GroupMap = std::map<std::string, std::map<std::string, std::string>>;

struct Groups {
  GroupMap by_name;
  bool shows_mutes = false;  // older Alertmanagers do not: what is muted is active there
  size_t size() const { return by_name.size(); }
};

// The state; "muted" where nothing but a time interval holds it back.
std::string StateOf(const JsonValue* status) {
  if (status == nullptr) return "";
  const bool muted = !Items(*status, "mutedBy").empty() && Items(*status, "silencedBy").empty() &&
                     Items(*status, "inhibitedBy").empty();
  return muted ? "muted" : status->GetString("state");
}

StatusOr<Groups> FetchGroups(const std::string& url) {
  const JsonValue answer = TRY(CallApi(url + "/api/v2/alerts/groups", "GET", ""));
  Groups groups;
  for (const JsonValue& group : answer.items) {
    const JsonValue* receiver = group.Find("receiver");
    auto& alerts = groups.by_name[fmt::format(
        "{} {{{}}}", receiver == nullptr ? "" : receiver->GetString("name"),
        LabelsText(group.Find("labels")))];
    for (const JsonValue& alert : Items(group, "alerts")) {
      const JsonValue* status = alert.Find("status");
      alerts[LabelsText(alert.Find("labels"))] = StateOf(status);
      if (status != nullptr && status->Find("mutedBy") != nullptr) groups.shows_mutes = true;
    }
  }
  return groups;
}

// What differs, one line each.
class Differences {
 public:
  Differences(const Groups& ours, const Groups& theirs) : shows_mutes_(theirs.shows_mutes) {
    std::set<std::string> names;
    for (const Groups* groups : {&ours, &theirs}) {
      for (const auto& [name, alerts] : groups->by_name) names.insert(name);
    }
    for (const std::string& name : names) {
      const auto here = ours.by_name.find(name);
      const auto there = theirs.by_name.find(name);
      if (there == theirs.by_name.end()) {
        Add(name, "only in outrider", fmt::format("{} alerts", here->second.size()));
      } else if (here == ours.by_name.end()) {
        Add(name, "only in alertmanager", fmt::format("{} alerts", there->second.size()));
      } else {
        Compare(name, here->second, there->second);
      }
    }
  }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  // Alerts that are muted here and active there, because that Alertmanager shows no mutes.
  size_t muted() const { return muted_; }

 private:
  using Alerts = GroupMap::mapped_type;

  void Add(const std::string& group, std::string what, std::string alert) {
    rows_.push_back({group, std::move(what), std::move(alert)});
  }
  void Compare(const std::string& name, const Alerts& here, const Alerts& there) {
    for (const auto& [labels, state] : here) {
      const auto other = there.find(labels);
      if (other == there.end()) {
        Add(name, "alert only in outrider", labels);
      } else if (state == "muted" && other->second == "active" && !shows_mutes_) {
        ++muted_;
      } else if (other->second != state) {
        Add(name, fmt::format("{}, there {}", state, other->second), labels);
      }
    }
    for (const auto& [labels, state] : there) {
      if (!here.contains(labels)) Add(name, "alert only in alertmanager", labels);
    }
  }

  const bool shows_mutes_;
  std::vector<std::vector<std::string>> rows_;
  size_t muted_ = 0;
};

void PrintAttempts(const JsonValue& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& one : Items(answer, "notifications")) {
    rows.push_back({one.GetString("time"), one.GetString("receiver"), one.GetString("integration"),
                    one.GetString("reason"), fmt::to_string(one.GetInt("alerts")),
                    Or(one.GetString("group"), one.GetString("incident"))});
  }
  if (rows.empty()) {
    fmt::print("Nothing would have been sent.\n");
    return;
  }
  PrintTable({"TIME", "RECEIVER", "INTEGRATION", "REASON", "ALERTS", "GROUP"}, rows);
}

}  // namespace

int RunAlertsList(const ClientOptions& client, const AlertsOptions& options) {
  std::string raw;
  const auto alerts = FetchAlerts(client.url, options.matchers, &raw);
  if (!alerts.ok()) return Fail(alerts.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& alert : *alerts) {
    const JsonValue* status = alert.Find("status");
    rows.push_back({alert.GetString("fingerprint"),
                    status == nullptr ? "" : status->GetString("state"),
                    alert.GetString("startsAt"), ListText(alert, "receivers"),
                    LabelsText(alert.Find("labels"))});
  }
  if (rows.empty()) {
    fmt::print("No alerts.\n");
  } else {
    PrintTable({"FINGERPRINT", "STATE", "SINCE", "RECEIVERS", "LABELS"}, rows);
  }
  return 0;
}

int RunAlertsWhy(const ClientOptions& client, const AlertsOptions& options) {
  const auto fingerprints = FingerprintsOf(client, options);
  if (!fingerprints.ok()) return Fail(fingerprints.status());
  const size_t count = std::min(fingerprints->size(), kMostExplained);
  for (size_t i = 0; i < count; ++i) {
    std::string raw;
    const auto history = CallApi(
        fmt::format(
            "{}/outrider/v1/alerts/{}/history?{}", client.url, (*fingerprints)[i],
            EncodeForm({{"since", options.since}, {"limit", fmt::to_string(options.limit)}})),
        "GET", "", &raw);
    if (!history.ok()) return Fail(history.status());
    if (client.output == "json") {
      fmt::print("{}\n", raw);
      continue;
    }
    if (i > 0) fmt::print("\n");
    PrintHistory(*history);
  }
  if (count < fingerprints->size()) {
    fmt::print(stderr, "outrider: {} more alerts match; narrow the matchers\n",
               fingerprints->size() - count);
  }
  return 0;
}

int RunAlertsDiff(const ClientOptions& client, const AlertsOptions& options) {
  std::string raw;
  const auto answer = CallApi(client.url + "/outrider/v1/notifications?" +
                                  EncodeForm({{"outcome", "shadow"},
                                              {"since", options.since},
                                              {"limit", fmt::to_string(options.limit)}}),
                              "GET", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
  } else {
    PrintAttempts(*answer);
  }
  if (options.alertmanager_url.empty()) return 0;
  const auto ours = FetchGroups(client.url);
  if (!ours.ok()) return Fail(ours.status());
  const auto theirs = FetchGroups(options.alertmanager_url);
  if (!theirs.ok()) return Fail(theirs.status());
  const Differences differences(*ours, *theirs);
  const auto& rows = differences.rows();
  // JSON on standard output stays JSON.
  std::FILE* const told = client.output == "json" ? stderr : stdout;
  fmt::print(told, "\n{} groups here, {} there, {} differences\n", ours->size(), theirs->size(),
             rows.size());
  if (differences.muted() > 0) {
    fmt::print(told,
               "{} alerts are muted by time intervals here; that Alertmanager shows no mutes\n",
               differences.muted());
  }
  if (told == stderr) {
    for (const auto& row : rows) fmt::print(told, "{}\n", Join(row, "  "));
  } else if (!rows.empty()) {
    PrintTable({"GROUP", "DIFFERENCE", "ALERT"}, rows);
  }
  return rows.empty() ? 0 : 1;
}

}  // namespace outrider
