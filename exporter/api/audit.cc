// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/audit.h"

#include <fmt/format.h>

#include <limits>

#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "notifiers/incident/audit_trail.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct AuditFilter {
  Nanos from = 0;
  Nanos to = 0;
  std::string subject;  // "" : all; this and the next two
  std::string kind;
  std::string by;
  bool Takes(const AuditEvent& event) const {
    return event.time >= from && event.time < to && (subject.empty() || event.subject == subject) &&
           (kind.empty() || AuditKindText(event.kind) == kind) && (by.empty() || event.who == by);
  }
};

StatusOr<AuditFilter> ReadFilter(HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  AuditFilter filter;
  filter.from = TRY(params.TimeNanos("from", 0));
  filter.to = TRY(params.TimeNanos("to", std::numeric_limits<Nanos>::max()));
  filter.subject = params.Text("subject");
  filter.kind = params.Text("kind");
  if (!filter.kind.empty() && !IsAuditKind(filter.kind)) {
    return InvalidArgument(fmt::format("kind {}: no event has that kind", Quote(filter.kind)));
  }
  filter.by = params.Text("by");
  return filter;
}

void WriteLine(const AuditEvent& event, std::string* out) {
  JsonWriter json(out);
  json.StartObject();
  WriteTime("time", event.time, &json);
  json.Key("subject").String(event.subject).Key("kind").String(AuditKindText(event.kind));
  json.Key("by").String(event.who).Key("channel").String(event.channel);
  json.Key("from").String(event.from).Key("to").String(event.to).Key("text").String(event.text);
  json.Key("data").StartObject();
  for (const auto& [name, value] : event.data) json.Key(name).String(value);
  json.EndObject();
  json.Key("sequence").Int(static_cast<int64_t>(event.sequence));
  json.Key("hash").String(HexEncode(event.hash)).EndObject();
  *out += '\n';
}

// A bucket a piece: the trail need not fit into memory.
StatusOr<HttpResponse> Export(const Desk& desk, HttpRequest& request) {
  const AuditFilter filter = TRY(ReadFilter(request));
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.stream = [&desk, filter, bucket = 0](std::string* piece) mutable {
    while (piece->empty() && bucket < kAuditBuckets) {
      const auto events = desk.AuditEvents(static_cast<uint8_t>(bucket++));
      if (!events.ok()) {
        LogError("the audit trail cannot be exported", {{"error", Message(events.status())}});
        JsonWriter(piece).StartObject().Key("error").String(Message(events.status())).EndObject();
        *piece += '\n';
        continue;
      }
      for (const AuditEvent& event : *events) {
        if (filter.Takes(event)) WriteLine(event, piece);
      }
    }
    return !piece->empty();
  };
  return response;
}

StatusOr<HttpResponse> Verify(const Desk& desk) {
  const StatusOr<uint64_t> events = desk.VerifyAudit();
  if (!events.ok() && !absl::IsDataLoss(events.status())) return events.status();
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("intact").Bool(events.ok());
  if (events.ok()) {
    json.Key("events").Int(static_cast<int64_t>(*events));
  } else {
    json.Key("error").String(Message(events.status()));
  }
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterAuditApi(Router& router, const Desk& desk) {
  router.Add("GET", "/outrider/v1/audit",
             ProductRoute([&desk](HttpRequest& request) { return Export(desk, request); }));
  router.Add("POST", "/outrider/v1/state/verify",
             ProductRoute([&desk](HttpRequest&) { return Verify(desk); }));
}

}  // namespace outrider
