// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/oncall.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "notifiers/oncall/fairness.h"
#include "notifiers/oncall/ical.h"
#include "storage/base/duration.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kPreview = 14 * kDay * kNanosPerMilli;
constexpr int64_t kLongest = 731 * kDay * kNanosPerMilli;
constexpr int64_t kCalendarPast = 62 * kDay * kNanosPerMilli;
constexpr int64_t kCalendarAhead = 90 * kDay * kNanosPerMilli;
constexpr int64_t kNextHorizon = 366 * kDay * kNanosPerMilli;

struct Period {
  Nanos from = 0;
  Nanos to = 0;
};

StatusOr<Period> ReadPeriod(const ParamReader& params, Nanos now) {
  Period period;
  period.from = TRY(params.Time("from", now / kNanosPerMilli)) * kNanosPerMilli;
  period.to = TRY(params.Time("to", (period.from + kPreview) / kNanosPerMilli)) * kNanosPerMilli;
  if (period.to <= period.from) return InvalidArgument("to must be later than from");
  if (period.to - period.from > kLongest) {
    return InvalidArgument("from and to are more than two years apart");
  }
  return period;
}

// The reader's zone, none when not asked for.
StatusOr<std::optional<absl::TimeZone>> ReadZone(const ParamReader& params) {
  const std::string name(params.Text("time_zone"));
  if (name.empty()) return std::nullopt;
  const std::optional<absl::TimeZone> zone = FindZone(name);
  if (!zone) return InvalidArgument(fmt::format("unknown time zone {}", Quote(name)));
  return zone;
}

// An instant in UTC, beside it as the schedule's and the reader's clocks show it.
struct TimeWriter {
  absl::TimeZone zone;
  std::optional<absl::TimeZone> reader;
  void Write(const std::string& key, Nanos time, JsonWriter* json) const {
    WriteTime(key, time, json);
    json->Key(key + "_local").String(LocalText(time, zone));
    if (reader) json->Key(key + "_reader").String(LocalText(time, *reader));
  }
};

void WriteUsers(const OnCall& on_call, JsonWriter* json) {
  json->Key("users").StartArray();
  for (const std::string& user : on_call.users) json->String(user);
  json->EndArray();
  json->Key("source").String(OnCallSourceText(on_call.source));
  if (!on_call.layer.empty()) json->Key("layer").String(on_call.layer);
}

void WriteSegments(const char* key, const std::vector<Segment>& segments, const TimeWriter& times,
                   JsonWriter* json) {
  json->Key(key).StartArray();
  for (const Segment& segment : segments) {
    json->StartObject();
    times.Write("start", segment.start, json);
    times.Write("end", segment.end, json);
    WriteSeconds("seconds", segment.end - segment.start, json);
    WriteUsers(segment.on_call, json);
    json->EndObject();
  }
  json->EndArray();
}

void WriteSchedule(const Schedule& schedule, const std::optional<absl::TimeZone>& reader, Nanos now,
                   JsonWriter* json) {
  const TimeWriter times{schedule.zone, reader};
  json->StartObject().Key("name").String(schedule.name);
  json->Key("time_zone").String(schedule.zone_name);
  json->Key("now").StartObject();
  WriteUsers(OnCallAt(schedule, now), json);
  json->EndObject().Key("next");
  if (const auto next = NextOnCall(schedule, now, kNextHorizon)) {
    json->StartObject();
    times.Write("start", next->start, json);
    WriteUsers(next->on_call, json);
    json->EndObject();
  } else {
    json->Null();
  }
  json->Key("fallback").StartArray();
  for (const std::string& user : schedule.fallback) json->String(user);
  json->EndArray();
  WriteSegments("gaps", Gaps(schedule, now, now + kPreview), times, json);
  json->EndObject();
}

StatusOr<HttpResponse> List(const OnCallApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::optional<absl::TimeZone> reader = TRY(ReadZone(params));
  const Nanos now = TRY(params.Time("time", deps.clock.Now())) * kNanosPerMilli;
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteTime("time", now, &json);
  json.Key("schedules").StartArray();
  for (const Schedule& schedule : config->schedules) WriteSchedule(schedule, reader, now, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<const Schedule*> FindSchedule(const DeskConfig& config, std::string_view name) {
  for (const Schedule& schedule : config.schedules) {
    if (schedule.name == name) return &schedule;
  }
  return NotFound(fmt::format("no schedule {}", Quote(name)));
}

void WriteFairness(const Fairness& fairness, JsonWriter* json) {
  json->Key("fairness").StartObject();
  json->Key("coverage").Double(fairness.coverage);
  json->Key("balance").Double(fairness.balance);
  json->Key("quality").Double(fairness.Quality());
  json->Key("seconds").StartObject();
  for (const auto& [user, nanos] : fairness.nanos) WriteSeconds(user, nanos, json);
  json->EndObject().EndObject();
}

StatusOr<HttpResponse> Show(const OnCallApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::optional<absl::TimeZone> reader = TRY(ReadZone(params));
  const Period period = TRY(ReadPeriod(params, deps.clock.NowNanos()));
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const Schedule& schedule = *TRY(FindSchedule(*config, request.path_params.at("name")));
  const TimeWriter times{schedule.zone, reader};
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("name").String(schedule.name);
  json.Key("time_zone").String(schedule.zone_name);
  times.Write("from", period.from, &json);
  times.Write("to", period.to, &json);
  WriteSegments("shifts", Segments(schedule, period.from, period.to), times, &json);
  WriteSegments("gaps", Gaps(schedule, period.from, period.to), times, &json);
  WriteFairness(FairnessOf(schedule, period.from, period.to), &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Calendar(const OnCallApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const Nanos now = deps.clock.NowNanos();
  Period period = TRY(ReadPeriod(params, now));
  if (!params.Has("to")) period.to = period.from + kCalendarAhead;
  // From the past on: calendars forget what a feed leaves out.
  if (!params.Has("from")) period.from -= kCalendarPast;
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const Schedule& schedule = *TRY(FindSchedule(*config, request.path_params.at("name")));
  HttpResponse response;
  response.status = 200;
  response.content_type = "text/calendar; charset=utf-8";
  response.body = ICalendar(schedule, SegmentsForFeed(schedule, period.from, period.to),
                            std::string(params.Text("user")), now);
  return response;
}

}  // namespace

void RegisterOnCallApi(Router& router, const OnCallApiDeps& deps) {
  router.Add("GET", "/outrider/v1/oncall",
             ProductRoute([deps](HttpRequest& request) { return List(deps, request); }));
  router.Add("GET", "/outrider/v1/oncall/:name",
             ProductRoute([deps](HttpRequest& request) { return Show(deps, request); }));
  router.Add("GET", "/outrider/v1/oncall/:name/calendar.ics",
             ProductRoute([deps](HttpRequest& request) { return Calendar(deps, request); }));
}

}  // namespace outrider
