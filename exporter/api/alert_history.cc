// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/alert_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "exporter/api/am_common.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kDefaultLimit = 200;
constexpr size_t kMaxLimit = 10'000;

StatusOr<uint64_t> ReadFingerprint(std::string_view text) {
  uint64_t fingerprint = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, fingerprint, 16);
  if (text.size() != 16 || error != std::errc() || rest != end) {
    return InvalidArgument(
        fmt::format("fingerprint {}: want 16 hexadecimal digits", Quote(text.substr(0, 40))));
  }
  return fingerprint;
}

struct Range {
  Nanos since = 0;
  size_t limit = kDefaultLimit;
};

StatusOr<Range> ReadRange(const ParamReader& params) {
  Range range;
  const Timestamp since = TRY(params.Time("since", 0));
  range.since =
      std::clamp<Timestamp>(since, 0, std::numeric_limits<Nanos>::max() / kNanosPerMilli) *
      kNanosPerMilli;
  const size_t asked = TRY(params.Limit("limit"));
  range.limit = asked == 0 ? kDefaultLimit : std::min(asked, kMaxLimit);
  return range;
}

void WriteNames(std::string_view key, const std::vector<std::string>& names, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& name : names) json->String(name);
  json->EndArray();
}

void WriteAlertLabels(const Labels& labels, JsonWriter* json) {
  json->Key("labels").StartObject();
  for (const auto& [name, value] : labels.ToMap()) json->Key(name).String(value);
  json->EndObject();
}

void WriteEnded(const EndedAlert& alert, JsonWriter* json) {
  WriteAlertLabels(alert.labels, json);
  WriteTime("starts_at", alert.starts_at, json);
  WriteTime("ended_at", alert.ended_at, json);
}

void WriteStanding(const AlertHistory& history, JsonWriter* json) {
  const AlertStanding& now = history.now;
  json->Key("known").Bool(now.known);
  if (!now.known) {
    if (history.ended) WriteEnded(*history.ended, json);
    return;
  }
  WriteAlertLabels(now.alert.labels, json);
  json->Key("state").String(now.firing ? "firing" : "resolved");
  WriteTime("starts_at", now.alert.starts_at.nanos, json);
  WriteTime("ends_at", now.alert.ends_at.nanos, json);
  WriteTime("updated_at", now.alert.updated_at, json);
  WriteNames("silenced_by", now.silenced_by, json);
  WriteNames("inhibited_by", now.inhibited_by, json);
  json->Key("incident").String(now.incident_id);
  json->Key("groups").StartArray();
  for (const AlertStanding::Group& group : now.groups) {
    json->StartObject().Key("receiver").String(group.receiver);
    json->Key("route").String(group.route_key).Key("key").String(group.key);
    json->Key("waiting").Bool(group.exists && group.last_flush == 0);
    WriteTime("last_flush_at", group.last_flush, json);
    WriteTime("next_flush_at", group.next_flush, json);
    json->Key("last_decision").String(group.last_reason).EndObject();
  }
  json->EndArray();
}

// What held the alert back, as names.
std::vector<std::string> HeldBy(const FlushRecord& flush, uint64_t fingerprint) {
  for (const auto* sets : {&flush.silenced, &flush.inhibited}) {
    for (const auto& [by, members] : *sets) {
      if (!members.contains(fingerprint)) continue;
      std::vector<std::string> names;
      for (const std::string_view name : Split(by, ',')) names.emplace_back(Trim(name));
      return names;
    }
  }
  return flush.muted.contains(fingerprint) ? flush.muted_by : std::vector<std::string>();
}

void WriteFlush(const FlushRecord& flush, uint64_t fingerprint, JsonWriter* json) {
  json->StartObject();
  WriteTime("time", flush.time, json);
  json->Key("receiver").String(flush.receiver).Key("route").String(flush.route_key);
  json->Key("group").String(flush.group_key).Key("flush").Int(static_cast<int64_t>(flush.flush));
  json->Key("alert").String(flush.resolved.contains(fingerprint) ? "resolved" : "firing");
  json->Key("result").String(flush.StateOf(fingerprint));
  WriteNames("by", HeldBy(flush, fingerprint), json);
  if (flush.muted.contains(fingerprint)) {
    json->Key("interval")
        .String(flush.by_active_interval ? "active_time_intervals" : "mute_time_intervals");
  }
  json->Key("decisions").StartArray();
  for (const FlushRecord::Decision& one : flush.decisions) {
    json->StartObject().Key("integration").String(one.integration);
    json->Key("decision").String(one.text).Key("message").String(one.message_id).EndObject();
  }
  json->EndArray().EndObject();
}

void WriteAttempt(const AttemptRecord& attempt, JsonWriter* json) {
  json->StartObject();
  WriteTime("time", attempt.time, json);
  WriteTime("began_at", attempt.began, json);
  json->Key("message").String(attempt.message_id);
  json->Key("kind").String(OutboxKindText(attempt.kind));
  json->Key("receiver").String(attempt.receiver);
  json->Key("integration").String(attempt.integration);
  json->Key("reason").String(attempt.reason).Key("outcome").String(attempt.outcome);
  json->Key("detail").String(attempt.detail).Key("attempt").Int(attempt.attempt);
  json->Key("status");
  attempt.status == 0 ? json->Null() : json->Int(attempt.status);
  json->Key("answer").String(attempt.answer);
  WriteTime("next_try_at", attempt.next_try, json);
  json->Key("repeat").Bool(attempt.repeat).Key("group").String(attempt.group_key);
  json->Key("flush").Int(static_cast<int64_t>(attempt.flush));
  json->Key("incident").String(attempt.incident_id);
  json->Key("alerts").Int(static_cast<int64_t>(attempt.alerts)).EndObject();
}

StatusOr<HttpResponse> ShowHistory(const AlertHistoryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::string& text = request.path_params.at("fingerprint");
  const uint64_t fingerprint = TRY(ReadFingerprint(text));
  const Range range = TRY(ReadRange(params));
  const AlertHistory history =
      TRY(deps.desk.History(fingerprint, range.since, range.limit, deps.clock.NowNanos()));
  if (!history.now.known && !history.ended && history.flushes.empty() && history.attempts.empty()) {
    return NotFound(fmt::format(
        "no alert {}, neither now nor in the history (alerting.history_retention)", text));
  }
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("fingerprint").String(text);
  WriteStanding(history, &json);
  json.Key("flushes").StartArray();
  for (const FlushRecord& flush : history.flushes) WriteFlush(flush, fingerprint, &json);
  json.EndArray().Key("attempts").StartArray();
  for (const AttemptRecord& attempt : history.attempts) WriteAttempt(attempt, &json);
  json.EndArray().Key("cut").Bool(history.cut).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> ListEnded(const AlertHistoryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const Range range = TRY(ReadRange(params));
  const std::vector<Matcher> matchers =
      TRY(ReadFilters(params, "filter", deps.desk.config()->alertmanager.matcher_mode));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("alerts").StartArray();
  for (const EndedAlert& alert : TRY(deps.desk.EndedAlerts(matchers, range.since, range.limit))) {
    json.StartObject().Key("fingerprint").String(fmt::format("{:016x}", alert.fingerprint));
    WriteEnded(alert, &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// What an attempt, or a message without one, may have ended as.
constexpr std::string_view kOutcomes[] = {"",      "delivered", "retry",   "rejected",   "expired",
                                          "stale", "gone",      "unknown", "superseded", "shadow"};

Status CheckOutcome(std::string_view outcome) {
  if (std::ranges::find(kOutcomes, outcome) != std::end(kOutcomes)) return absl::OkStatus();
  std::string known;
  for (const std::string_view one : kOutcomes) {
    if (!one.empty()) known += fmt::format("{}{}", known.empty() ? "" : ", ", one);
  }
  return InvalidArgument(fmt::format("outcome {}: want one of {}", Quote(outcome), known));
}

StatusOr<HttpResponse> ListAttempts(const AlertHistoryApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const Range range = TRY(ReadRange(params));
  TRY(CheckOutcome(params.Text("outcome")));
  const std::vector<AttemptRecord> attempts =
      TRY(deps.desk.Attempts(range.since, params.Text("outcome"), range.limit));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("notifications").StartArray();
  for (const AttemptRecord& attempt : attempts) WriteAttempt(attempt, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterAlertHistoryApi(Router& router, const AlertHistoryApiDeps& deps) {
  router.Add("GET", "/outrider/v1/alerts/:fingerprint/history",
             ProductRoute([deps](HttpRequest& request) { return ShowHistory(deps, request); }));
  router.Add("GET", "/outrider/v1/alerts/ended",
             ProductRoute([deps](HttpRequest& request) { return ListEnded(deps, request); }));
  router.Add("GET", "/outrider/v1/notifications",
             ProductRoute([deps](HttpRequest& request) { return ListAttempts(deps, request); }));
}

}  // namespace outrider
