// SPDX-License-Identifier: Apache-2.0
// outrider escalation …: whom incidents page.
#include <fmt/format.h>

#include <cstdlib>

#include "exporter/cli/client.h"
#include "exporter/cli/escalation_commands.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Names(const JsonValue& object, std::string_view key) {
  std::vector<std::string> names;
  if (const JsonValue* list = object.Find(key)) {
    for (const JsonValue& name : list->items) names.push_back(name.string);
  }
  return names.empty() ? "-" : Join(names, ", ");
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

// "2 of 4", "7, without end".
std::string Rounds(const JsonValue& escalation) {
  const int64_t rounds = escalation.GetInt("rounds");
  const int64_t round = escalation.GetInt("round");
  return rounds == 0 ? fmt::format("{}, without end", round)
                     : fmt::format("{} of {}", round, rounds);
}

void PrintEscalation(const JsonValue& escalation) {
  const std::string policy = escalation.GetString("policy");
  if (policy.empty()) {
    fmt::print("No escalation policy: nobody is paged.\n");
    return;
  }
  fmt::print("Policy {}, {}{}, round {}.\n", policy, escalation.GetString("status"),
             escalation.GetBool("held") ? " (held: all alerts are suppressed)" : "",
             Rounds(escalation));
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> remarks;
  if (const JsonValue* tiers = escalation.Find("tiers")) {
    for (const JsonValue& tier : tiers->items) {
      const std::string number = fmt::to_string(tier.GetInt("tier"));
      rows.push_back({number, tier.GetString("status"), OrDash(tier.GetString("due_at")),
                      Names(tier, "targets"), Names(tier, "tells")});
      if (const JsonValue* list = tier.Find("remarks")) {
        for (const JsonValue& remark : list->items) {
          remarks.push_back(fmt::format("Tier {}: {}.", number, remark.string));
        }
      }
    }
  }
  PrintTable({"TIER", "STATUS", "DUE", "TARGETS", "TELLS"}, rows);
  if (Names(escalation, "fallback") != "-") {
    fmt::print("Fallback: {}, which tells {}.\n", Names(escalation, "fallback"),
               Names(escalation, "fallback_tells"));
  }
  for (const std::string& remark : remarks) fmt::print("{}\n", remark);
}

void PrintEvents(const JsonValue& escalation) {
  std::vector<std::vector<std::string>> rows;
  const JsonValue* tiers = escalation.Find("tiers");
  if (tiers == nullptr) return;
  for (const JsonValue& tier : tiers->items) {
    const JsonValue* events = tier.Find("events");
    if (events == nullptr) continue;
    for (const JsonValue& event : events->items) {
      const std::string by = event.GetString("by");
      rows.push_back({event.GetString("time"), event.GetString("kind"), by.empty() ? "system" : by,
                      event.GetString("text")});
    }
  }
  if (rows.empty()) return;
  fmt::print("\n");
  PrintTable({"TIME", "EVENT", "BY", "TEXT"}, rows);
}

std::string DefaultAuthor() {
  // Read once, before any thread is started.
  const char* user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe)
  return user == nullptr ? "" : user;
}

std::string IncidentUrl(const ClientOptions& client, const EscalationOptions& options,
                        std::string_view what) {
  return fmt::format("{}/outrider/v1/incidents/{}/{}", client.url, UrlEncodePath(options.id), what);
}

// What everybody who acts says.
JsonWriter& StartAction(const EscalationOptions& options, JsonWriter& json) {
  json.StartObject();
  json.Key("by").String(options.by.empty() ? DefaultAuthor() : options.by);
  json.Key("channel").String("cli");
  if (!options.note.empty()) json.Key("note").String(options.note);
  return json;
}

int Post(const ClientOptions& client, const std::string& url, const std::string& body,
         const std::string& done) {
  std::string raw;
  const auto answer = CallApi(url, "POST", body, &raw);
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("{}\n", client.output == "json" ? raw : done);
  return 0;
}

}  // namespace

int RunEscalationShow(const ClientOptions& client, const EscalationOptions& options) {
  return ShowAnswer(client, {IncidentUrl(client, options, "escalation")},
                    [&](const JsonValue& answer) {
                      PrintEscalation(answer);
                      PrintEvents(answer);
                    });
}

int RunEscalationNow(const ClientOptions& client, const EscalationOptions& options) {
  std::string body;
  JsonWriter json(&body);
  StartAction(options, json).Key("force").Bool(options.force).EndObject();
  return Post(client, IncidentUrl(client, options, "escalate"), body,
              fmt::format("{}: the next tier is told", options.id));
}

int RunEscalationReapply(const ClientOptions& client, const EscalationOptions& options) {
  std::string body;
  JsonWriter json(&body);
  StartAction(options, json).Key("policy").String(options.policy).EndObject();
  return Post(client, IncidentUrl(client, options, "reapply-policy"), body,
              fmt::format("{}: the policy starts over", options.id));
}

int RunEscalationPolicies(const ClientOptions& client) {
  return ShowAnswer(
      client, {client.url + "/outrider/v1/escalation/policies"}, [&](const JsonValue& answer) {
        const JsonValue* policies = answer.Find("policies");
        if (policies == nullptr || policies->items.empty()) {
          fmt::print("No escalation policies: nobody is paged.\n");
          return;
        }
        std::vector<std::vector<std::string>> rows;
        for (const JsonValue& policy : policies->items) {
          const JsonValue* tiers = policy.Find("tiers");
          std::string severities = Names(policy, "severities");
          if (severities == "-") severities = "all";
          rows.push_back({policy.GetString("name"), severities, Names(policy, "match"),
                          Names(policy, "active_time_intervals"),
                          fmt::to_string(tiers == nullptr ? 0 : tiers->items.size()),
                          policy.GetBool("configured") ? "yes" : "no", Names(policy, "incidents")});
        }
        PrintTable({"POLICY", "SEVERITIES", "MATCH", "ACTIVE", "TIERS", "CONFIGURED", "IN USE BY"},
                   rows);
      });
}

int RunEscalationPreview(const ClientOptions& client, const EscalationOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("labels").StartObject();
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos) {
      return Fail(InvalidArgument(fmt::format("{}: want name=value", Quote(label))));
    }
    json.Key(label.substr(0, equals)).String(label.substr(equals + 1));
  }
  json.EndObject();
  if (!options.severity.empty()) json.Key("severity").String(options.severity);
  if (!options.policy.empty()) json.Key("policy").String(options.policy);
  if (!options.at.empty()) json.Key("at").String(options.at);
  json.EndObject();
  return ShowAnswer(
      client, {client.url + "/outrider/v1/escalation/preview", "POST", body},
      [&](const JsonValue& answer) {
        fmt::print("Severity {}{}.\n", answer.GetString("severity"),
                   answer.GetBool("opens_incident") ? "" : "; incidents.match leaves it out");
        if (const JsonValue* escalation = answer.Find("escalation")) PrintEscalation(*escalation);
      });
}

}  // namespace outrider
