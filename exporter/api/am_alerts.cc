// SPDX-License-Identifier: Apache-2.0
// /api/v2/alerts and /api/v2/alerts/groups. Source: specs/alertmanager.md §2 "Ingest", §3.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exporter/api/am_common.h"
#include "exporter/api/json_rows.h"
#include "exporter/api/posted_alerts.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 32 << 20;
constexpr size_t kPiece = 32 << 10;  // of an answer that is written as it goes

struct AlertFilter {
  bool active = true;
  bool silenced = true;
  bool inhibited = true;
  bool muted = true;
  std::vector<Matcher> labels;
  std::optional<Matcher> receiver;
  ReceiverFilter receivers;

  bool FiltersReceivers() const { return receiver || !receivers.matchers.empty(); }
  bool PassesReceiver(const AlertmanagerConfig& config, std::string_view name) const {
    return (!receiver || receiver->Matches(name)) && receivers.Passes(config, name);
  }
  bool Passes(const AlertView& view) const {
    // One that only its route's times mute is active here, whatever state it shows.
    const bool acts = view.silenced_by.empty() && view.inhibited_by.empty();
    if (!active && acts) return false;
    if (!silenced && !view.silenced_by.empty()) return false;
    if (!inhibited && !view.inhibited_by.empty()) return false;
    if (!muted && !view.muted_by.empty()) return false;
    return MatchesAll(labels, view.alert.labels);
  }
};

StatusOr<AlertFilter> ReadFilter(HttpRequest& request, MatcherMode mode) {
  const ParamReader params = TRY(ParamReader::Read(request));
  AlertFilter filter;
  filter.active = ReadFlag(params, "active", true);
  filter.silenced = ReadFlag(params, "silenced", true);
  filter.inhibited = ReadFlag(params, "inhibited", true);
  filter.muted = ReadFlag(params, "muted", true);
  filter.labels = TRY(ReadFilters(params, "filter", mode));
  filter.receivers = TRY(ReadReceiverFilter(params, mode));
  if (!params.Text("receiver").empty()) {
    StatusOr<Matcher> receiver =
        Matcher::Create(MatchType::kRegex, "receiver", std::string(params.Text("receiver")),
                        Regex::Dot::kNoNewline);
    if (!receiver.ok()) {
      // As Alertmanager says it, which anchors the text first.
      std::string why = Message(receiver.status());
      const std::string given = fmt::format("`{}`", params.Text("receiver"));
      if (why.ends_with(given)) {
        why.replace(why.size() - given.size(), given.size(),
                    fmt::format("`^(?:{})$`", params.Text("receiver")));
      }
      return InvalidArgument("failed to parse receiver param: " + why);
    }
    filter.receiver = *std::move(receiver);
  }
  return filter;
}

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

// What a firing alert of ours says about its end: the time at which Alertmanager would give it up.
AlertTime EndsAt(const Alert& alert, const AlertmanagerConfig& config, Nanos now) {
  if (alert.ends_at.nanos != 0) return alert.ends_at;
  return {.nanos = now + config.resolve_timeout * kNanosPerMilli};
}

void WriteAlert(const AlertView& view, const AlertmanagerConfig& config, Nanos now,
                JsonWriter* json) {
  const Alert& alert = view.alert;
  json->StartObject().Key("annotations");
  WriteStringMap(alert.annotations, json);
  json->Key("endsAt").String(AmTime(EndsAt(alert, config, now)));
  json->Key("fingerprint").String(view.fingerprint);
  json->Key("receivers").StartArray();
  for (const std::string& receiver : view.receivers)
    json->StartObject().Key("name").String(receiver).EndObject();
  json->EndArray();
  json->Key("startsAt").String(AmTime(alert.starts_at));
  json->Key("status").StartObject();
  WriteTexts("inhibitedBy", view.inhibited_by, json);
  WriteTexts("mutedBy", view.muted_by, json);
  WriteTexts("silencedBy", view.silenced_by, json);
  json->Key("state").String(view.active ? "active" : "suppressed").EndObject();
  json->Key("updatedAt").String(AmTime(alert.updated_at));
  if (!alert.generator_url.empty()) json->Key("generatorURL").String(alert.generator_url);
  json->Key("labels");
  WriteLabels(alert.labels, json);
  json->EndObject();
}

// The rest of a list, some rows a call; begun here, so that the first piece goes out with the head.
HttpResponse Streamed(JsonPieces rows) {
  HttpResponse response = AmJson("");
  response.body.clear();
  if (rows(&response.body)) response.stream = std::move(rows);
  return response;
}

// Whether labels pass, asked before anything else is looked up.
std::function<bool(const Labels&)> LabelsPass(const AlertFilter& filter) {
  if (filter.labels.empty()) return nullptr;
  return [matchers = filter.labels](const Labels& labels) { return MatchesAll(matchers, labels); };
}

HttpResponse List(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  StatusOr<AlertFilter> filter = ReadFilter(request, config->alertmanager.matcher_mode);
  if (!filter.ok()) return AmError(400, Message(filter.status()));
  const Nanos now = deps.clock.NowNanos();
  AlertPages pages = deps.desk.WalkAlerts(now, LabelsPass(*filter));
  const auto passes = [config, filter = *std::move(filter)](const AlertView& view) {
    return filter.Passes(view) &&
           (!filter.FiltersReceivers() ||
            std::ranges::any_of(view.receivers, [&](const std::string& name) {
              return filter.PassesReceiver(config->alertmanager, name);
            }));
  };
  return Streamed(
      [pages, passes, config, now, first = true, begun = false](std::string* out) mutable {
        std::vector<AlertView> page;
        if (!std::exchange(begun, true)) *out += '[';
        while (out->size() < kPiece) {
          const bool more = pages(&page);
          for (const AlertView& view : page) {
            if (!passes(view)) continue;
            if (!std::exchange(first, false)) *out += ',';
            JsonWriter json(out);
            WriteAlert(view, config->alertmanager, now, &json);
          }
          if (!more) {
            *out += "]\n";
            return false;
          }
        }
        return true;
      });
}

// Writes groups as they come, a large one in several pieces.
class GroupWriter {
 public:
  GroupWriter(GroupPages pages, AlertFilter filter, std::shared_ptr<const DeskConfig> config,
              Nanos now)
      : pages_(std::move(pages)),
        filter_(std::move(filter)),
        config_(std::move(config)),
        now_(now) {}

  // One piece; false: it was the last.
  bool operator()(std::string* out) {
    if (!begun_) *out += '[';
    begun_ = true;
    while (out->size() < kPiece) {
      bool more = false;
      GroupView group;
      if (!pages_(&group, &more)) {
        *out += "]\n";
        return false;
      }
      Write(group, more, out);
    }
    return true;
  }

 private:
  void Write(const GroupView& group, bool more, std::string* out) {
    for (const AlertView& view : group.alerts) {
      if (!filter_.Passes(view)) continue;
      if (open_) {
        *out += ',';
      } else {
        *out += std::exchange(any_, true) ? R"(,{"alerts":[)" : R"({"alerts":[)";
      }
      open_ = true;
      JsonWriter json(out);
      WriteAlert(view, config_->alertmanager, now_, &json);
    }
    if (more || !std::exchange(open_, false)) return;
    *out += R"(],"labels":)";
    JsonWriter labels(out);
    WriteLabels(group.labels, &labels);
    *out += R"(,"receiver":)";
    JsonWriter receiver(out);
    receiver.StartObject().Key("name").String(group.receiver).EndObject();
    *out += R"(,"routeLabels":)";
    JsonWriter route(out);
    WriteLabels(group.route_labels, &route);
    *out += '}';
  }

  GroupPages pages_;
  AlertFilter filter_;
  std::shared_ptr<const DeskConfig> config_;
  Nanos now_;
  bool begun_ = false;
  bool any_ = false;   // a group was written
  bool open_ = false;  // one is being written
};

HttpResponse Groups(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  std::shared_ptr<const DeskConfig> config = deps.desk.config();
  StatusOr<AlertFilter> filter = ReadFilter(request, config->alertmanager.matcher_mode);
  if (!filter.ok()) return AmError(400, Message(filter.status()));
  const Nanos now = deps.clock.NowNanos();
  GroupPages pages = deps.desk.WalkGroups(now, LabelsPass(*filter), [&](const std::string& name) {
    return filter->PassesReceiver(config->alertmanager, name);
  });
  return Streamed(GroupWriter(std::move(pages), *std::move(filter), std::move(config), now));
}

// Refused ones count as received too, by what they say.
void Count(const AlertmanagerApiDeps& deps, const IncomingAlerts& alerts, size_t invalid,
           size_t limited) {
  if (deps.meter == nullptr) return;
  const Nanos now = deps.clock.NowNanos();
  AmAlertCounts counts;
  for (size_t i = 0; i < alerts.size(); ++i) {
    ++(alerts.at(i).ResolvedAt(now) ? counts.resolved : counts.firing);
  }
  counts.invalid = invalid;
  counts.limited = limited;
  deps.meter->CountAlerts(counts);
}

HttpResponse Post(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  HttpResponse refusal;
  StatusOr<std::string> body = ReadJsonText(request, kMaxBody, &refusal);
  if (!body.ok()) return refusal;
  PostedAlerts posted;
  const MatcherMode mode = deps.desk.config()->alertmanager.matcher_mode;
  if (const std::optional<BodyRefusal> refused = ReadPostedAlerts(&*body, mode, &posted)) {
    return AmShapeError(refused->status, refused->code, refused->message);
  }
  StatusOr<PostAlertsResult> result = deps.desk.PostAlerts(posted.alerts, deps.clock);
  if (!result.ok()) return AmError(500, Message(result.status()));
  std::vector<std::string>& errors = posted.errors;
  errors.insert(errors.end(), result->errors.begin(), result->errors.end());
  Count(deps, posted.alerts, errors.size(), result->limited);
  if (!errors.empty()) return AmError(400, Join(errors, "\n"));
  return HttpResponse::Json(200, "");
}

}  // namespace

void RegisterAmAlerts(Router& router, const AlertmanagerApiDeps& deps) {
  router.Add("GET", "/api/v2/alerts", [deps](HttpRequest& request) { return List(deps, request); });
  router.Add("POST", "/api/v2/alerts",
             [deps](HttpRequest& request) { return Post(deps, request); });
  router.Add("GET", "/api/v2/alerts/groups",
             [deps](HttpRequest& request) { return Groups(deps, request); });
}

}  // namespace outrider
