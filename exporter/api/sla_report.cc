// SPDX-License-Identifier: Apache-2.0
// GET /outrider/v1/sla/report: what the audit trail has of the incidents of the period is read and
// folded; nothing of it is kept in memory but the incidents that are counted.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/sla_report_text.h"
#include "storage/base/local_time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr Nanos kDefaultPeriod = 30 * kDay * kNanosPerMilli;

Status ReadBy(const ParamReader& params, SlaReportQuery* query) {
  for (const std::string_view list : params.All("by")) {
    for (const std::string_view name : Split(list, ',')) {
      bool* const flag = name == "team"       ? &query->by_team
                         : name == "service"  ? &query->by_service
                         : name == "severity" ? &query->by_severity
                                              : nullptr;
      if (flag == nullptr) {
        return InvalidParam("by",
                            fmt::format("{} is none of team, service, severity", Quote(name)));
      }
      *flag = true;
    }
  }
  return absl::OkStatus();
}

Status ReadFilters(const ParamReader& params, SlaReportQuery* query) {
  if (params.Has("team")) query->team = std::string(params.Text("team"));
  if (params.Has("service")) query->service = std::string(params.Text("service"));
  if (!params.Has("severity")) return absl::OkStatus();
  query->severity = ParseSeverity(params.Text("severity"));
  if (query->severity) return absl::OkStatus();
  return InvalidParam("severity", "critical, high, medium, low and info are known");
}

StatusOr<SlaReportQuery> ReadQuery(const ParamReader& params, Nanos now) {
  SlaReportQuery query;
  query.to = TRY(params.TimeNanos("to", now));
  query.from = TRY(params.TimeNanos("from", query.to - kDefaultPeriod));
  if (query.to <= query.from) return InvalidArgument("to must be later than from");
  TRY(ReadBy(params, &query));
  TRY(ReadFilters(params, &query));
  if (params.Has("period")) {
    const auto period = ParseReportPeriod(params.Text("period"));
    if (!period) return InvalidParam("period", "whole, day, week, month and quarter are known");
    query.period = *period;
  }
  if (params.Has("time_zone")) {
    const std::string name(params.Text("time_zone"));
    const std::optional<absl::TimeZone> zone = FindZone(name);
    if (!zone) return InvalidArgument(fmt::format("unknown time zone {}", Quote(name)));
    query.zone = *zone;
  }
  return query;
}

HttpResponse Render(const SlaReport& report, std::string_view format) {
  if (format == "json") return HttpResponse::Json(200, SlaReportJson(report));
  HttpResponse response;
  response.status = 200;
  const bool csv = format == "csv";
  response.content_type = csv ? "text/csv; charset=utf-8" : "text/markdown; charset=utf-8";
  response.body = csv ? SlaReportCsv(report) : SlaReportMarkdown(report);
  return response;
}

StatusOr<HttpResponse> Report(const IncidentsApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::string format(params.Has("format") ? params.Text("format") : "json");
  if (format != "json" && format != "csv" && format != "markdown") {
    return InvalidParam("format", "json, csv and markdown are known");
  }
  const Nanos now = deps.clock.NowNanos();
  const bool recalculate = TRY(params.Bool("recalculate", false));
  const SlaReportQuery query = TRY(ReadQuery(params, now));
  SlaLedger ledger(query);
  const Status read = deps.desk.AuditOfOpened(query.from, query.to,
                                              [&](const AuditEvent& event) { ledger.Take(event); });
  // A trail that cannot be read is no fault of the caller.
  if (!read.ok()) return Internal(Message(read));
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  return Render(recalculate ? ledger.Recalculated(config->incidents, now) : ledger.Report(),
                format);
}

}  // namespace

void RegisterSlaReport(Router& router, const IncidentsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/sla/report",
             ProductRoute([deps](HttpRequest& request) { return Report(deps, request); }));
}

}  // namespace outrider
